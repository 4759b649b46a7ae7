<CsoundSynthesizer>
<CsOptions>
-odac -+rtaudio=null -d -m0
</CsOptions>
<CsInstruments>
sr = 48000
ksmps = 480
nchnls = 1
giHeard OSCinit $EARPORT

instr 1 ; asks to be told, then sets a knob
  OSCsend 1, "127.0.0.1", $PORT, "/dawbridge/subscribe", "i", $EARPORT
  kSet init 0
  kTick metro 2
  kSet = kSet + kTick
  OSCsend kSet, "127.0.0.1", $PORT, "/dawbridge/mask/strength", "f", 0.25
endin

instr 2 ; prints what it is told
  kValue init 0
  kNew OSClisten giHeard, "/dawbridge/mask/strength", "f", kValue
  if kNew == 1 then
    printks "strength %.3f\n", 0, kValue
  endif
  kJob init 0
  Sacapella = ""
  Sinstrumental = ""
  kSeconds init 0
  kDone OSClisten giHeard, "/dawbridge/job/done", "issf", kJob, Sacapella, Sinstrumental, kSeconds
  if kDone == 1 then
    printf "job %d done: %s\n", kDone, kJob, Sacapella
  endif
endin
</CsInstruments>
<CsScore>
i 1 0 3600
i 2 0 3600
</CsScore>
</CsoundSynthesizer>
