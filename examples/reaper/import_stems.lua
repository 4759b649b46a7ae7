-- REAPER: puts the stems of a folder called "separated" onto new tracks, each at its bounce's time stamp.
-- Actions > Show action list > New action > Load ReaScript. Run it again after new bounces or turned knobs:
-- what is there already is read anew, only new stems get a track.

local SECTION = "dawbridge"
local OFFLINE, ONLINE, BUILD_PEAKS = 40100, 40101, 40047 -- all media offline, online; build missing peaks
local STEMS = { "acapella", "instrumental" }

-- Little-endian unsigned number of the bytes of `text`; nil if there are not `count` of them: the file ends there.
local function number(text, count)
  if not text or #text < count then return nil end
  local value = 0
  for place = #text, 1, -1 do value = value * 256 + text:byte(place) end
  return value
end

-- Walks the chunks of an open RIFF or RF64 file: name, size and place of each chunk's data. A file that was cut off ends
-- the walk wherever it ends.
local function chunks(file)
  local place, size64 = 12, nil
  local length = file:seek("end")
  return function()
    if place + 8 > length then return nil end
    file:seek("set", place)
    local head = file:read(8) or ""
    local name, size, data = head:sub(1, 4), number(head:sub(5, 8), 4), place + 8
    if not size then return nil end
    if name == "ds64" then size64 = number((file:read(16) or ""):sub(9, 16), 8) end
    if name == "data" and size == 0xFFFFFFFF then size = size64 or length end
    place = data + size + size % 2
    return name, size, data
  end
end

-- The BWF time stamp in seconds; nil where the file has none.
local function time_stamp(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local magic = file:read(12)
  local rate, samples
  if magic and #magic == 12 and (magic:sub(1, 4) == "RIFF" or magic:sub(1, 4) == "RF64") then
    for name, size, data in chunks(file) do
      if name == "fmt " and size >= 16 then
        file:seek("set", data + 4)
        rate = number(file:read(4), 4)
      elseif name == "bext" and size >= 346 then
        file:seek("set", data + 338)
        samples = number(file:read(8), 8)
      end
    end
  end
  file:close()
  if not rate or rate == 0 or not samples then return nil end
  return samples / rate
end

-- song_acapella.wav, and song_acapella (2).wav, as a stem is called if another file had its name.
local function is_stem(name)
  local base = name:gsub("%.%w+$", ""):gsub(" %(%d+%)$", "")
  for _, stem in ipairs(STEMS) do
    if base ~= name and base:sub(-#stem - 1) == "_" .. stem then return true end
  end
  return false
end

local function stems_in(folder)
  local names, index = {}, 0
  reaper.EnumerateFiles(folder, -1) -- read the folder anew
  while true do
    local name = reaper.EnumerateFiles(folder, index)
    if not name then break end
    if is_stem(name) then names[#names + 1] = name end
    index = index + 1
  end
  table.sort(names)
  return names
end

local function import(path, name)
  local source = reaper.PCM_Source_CreateFromFile(path)
  if not source then return false end
  local index = reaper.CountTracks(0)
  reaper.InsertTrackAtIndex(index, true)
  local track = reaper.GetTrack(0, index)
  reaper.GetSetMediaTrackInfo_String(track, "P_NAME", (name:gsub("%.%w+$", "")), true)
  local item = reaper.AddMediaItemToTrack(track)
  reaper.SetMediaItemTake_Source(reaper.AddTakeToMediaItem(item), source)
  local stamp = time_stamp(path)
  local start = stamp and stamp - reaper.GetProjectTimeOffset(0, false) or reaper.GetCursorPosition()
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", math.max(0, start))
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", (reaper.GetMediaSourceLength(source)))
  return true
end

local function main()
  local known, folder = reaper.GetProjExtState(0, SECTION, "folder")
  if known == 0 then folder = "" end
  local ok, given = reaper.GetUserInputs("dawbridge stems", 1, "folder separated:,extrawidth=300", folder)
  if not ok or given == "" then return end
  folder = given:gsub("[/\\]+$", "")
  reaper.SetProjExtState(0, SECTION, "folder", folder)
  reaper.Undo_BeginBlock()
  reaper.Main_OnCommand(OFFLINE, 0)
  reaper.Main_OnCommand(ONLINE, 0)
  for _, name in ipairs(stems_in(folder)) do
    local path = folder .. "/" .. name
    if reaper.GetProjExtState(0, SECTION, path) == 0 and import(path, name) then
      reaper.SetProjExtState(0, SECTION, path, "1")
    end
  end
  reaper.Main_OnCommand(BUILD_PEAKS, 0)
  reaper.UpdateArrange()
  reaper.Undo_EndBlock("dawbridge: import stems", -1)
end

main()
