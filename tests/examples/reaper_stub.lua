-- REAPER's functions as far as import_stems.lua calls them: they print what they are told.
local script, folder, offset = arg[1], arg[2], tonumber(arg[3])
local listing = io.popen('ls "' .. folder .. '"')
local files, kept, tracks = {}, {}, 0
for name in listing:lines() do files[#files + 1] = name end
listing:close()

reaper = {
  EnumerateFiles = function(_, index) return files[index + 1] end,
  PCM_Source_CreateFromFile = function(path) return path end,
  CountTracks = function() return tracks end,
  InsertTrackAtIndex = function(index) assert(index == tracks); tracks = tracks + 1 end,
  GetTrack = function(_, index) return index end,
  GetSetMediaTrackInfo_String = function(track, key, value) print("track", track, key, value) end,
  AddMediaItemToTrack = function(track) return track end,
  AddTakeToMediaItem = function(item) return item end,
  SetMediaItemTake_Source = function(take, source) print("source", take, source) end,
  SetMediaItemInfo_Value = function(item, key, value) print(key, item, string.format("%.6f", value)) end,
  GetMediaSourceLength = function() return 2.5, false end,
  GetProjectTimeOffset = function() return offset end,
  GetCursorPosition = function() return 7 end,
  GetProjExtState = function(_, _, key) return kept[key] and 1 or 0, kept[key] or "" end,
  SetProjExtState = function(_, _, key, value) kept[key] = value end,
  GetUserInputs = function() return true, folder .. "/" end,
  Main_OnCommand = function(command) print("command", command) end,
  Undo_BeginBlock = function() end,
  Undo_EndBlock = function() end,
  UpdateArrange = function() end,
}
dofile(script)
print("again")
dofile(script)
