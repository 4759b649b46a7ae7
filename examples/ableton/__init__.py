"""dawbridge and Ableton Live, by way of AbletonOSC."""
