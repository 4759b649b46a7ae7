"""MDX-Net: networks of Kuielab's kind as ONNX files, run by onnxruntime (extra `onnx`)."""
