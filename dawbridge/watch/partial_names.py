"""Names that programs give to a file while they transfer it, and other names that no bounce has: one table.

A row is the program, in words, and patterns as in a shell: `*` any text, `?` one character. Case does not count. Add a
row for a program that is missing; users add their own patterns in dawbridge.toml (`ignore`, `take`).
"""

Row = tuple[str, tuple[str, ...]]

PARTIAL: tuple[Row, ...] = (
    ("an unfinished download of a browser", (
        "*.part", "*.partial", "*.crdownload", "*.opdownload", "*.download", "*.dtapart", "*.unconfirmed",
    )),
    ("an unfinished download", (
        "*.aria2", "*.aria2__temp", "*.fdmdownload", "*.getright", "*.jc!", "*.fb!", "*.ob!", "*.td", "*.xltd",
        "*.idmdownload", "*.ytdl", "*.part-frag*", "*.lftp-pget-status", "*.dctmp", "*.filepart", "*.wget",
        "*.curltmp", "*.bitstmp", "bit????.tmp",
    )),
    ("an unfinished torrent", (
        "*.!ut", "*.!qb", "*.!bt", "*.bc!", "*.part.met", "*.emuletmp", "*.antifrag", "*.torrentpart",
    )),
    ("an unfinished Soulseek download", ("incomplete~*", "incomplete" + 32 * "[0-9a-f]" + "*", "*.incomplete")),
    ("a file that is being synchronised", (
        "*.!sync", "*.bts", "*.rslpart", "*.rsls", "~syncthing~*", "*.drivedownload", "*.driveupload", "*.mega",
        "*.octransferid*", "*.odtmp", "*.unison.tmp", "*.sb-????????-??????", "*.rclonepart", "*.sfsync", "*.cloudf",
        "*.boxtmp", "*.pcloudtmp",
    )),
    ("a temporary file", ("*.tmp", "*.temp", "*.sfap0", "*.swp", "*.lock", "*.working", "__rar_*")),
    ("an earlier version that a program kept", ("*.bak", "*.old", "*.orig", "*.backup", "*~", "*.bak?", "*.~??")),
)  # fmt: skip
"""Left alone and reported once, since a whole bounce might be behind such a name."""

SIDECARS: tuple[str, ...] = (
    "*.asd", "*.reapeaks", "*.reapindex", "*.pkf", "*.gpk", "*.peak", "*.peaks", "*.wfm", "*.ovw", "*.mvw", "*.sfk",
    "*.sfl", "*.pk", "*.wfp", "thumbs.db", "desktop.ini", "~$*",
)  # fmt: skip
"""Overviews and notes that programs keep beside audio. Never a bounce, and not worth a word."""

VIDEO: tuple[str, ...] = ("*.mp4", "*.m4v", "*.mov", "*.mkv", "*.webm", "*.avi", "*.mpg", "*.mpeg", "*.wmv", "*.3gp")
"""Videos. `dawbridge separate` reads the sound of most of them."""

QUIET_HIDDEN: tuple[str, ...] = (
    ".ds_store", "._*", ".localized", ".apdisk", ".com.apple.*", ".dawbridge*", ".directory", ".nfs*", ".fuse_hidden*",
    ".git", ".gitignore", ".hg", ".svn", ".stfolder*", ".stversions", ".stignore", ".sync", ".trash*", ".trashes",
    ".spotlight-v100", ".fseventsd", ".documentrevisions-v100", ".temporaryitems", ".dropbox", ".dropbox.cache",
    ".syncthing.*", ".tmp.drivedownload", ".tmp.driveupload", ".owncloudsync*", ".sync_*", "._sync_*",
    ".goutputstream-*", ".unison*", ".rsync-partial", ".~lock.*", ".in.*", ".getxfer.*",
)  # fmt: skip
"""Hidden names that systems and synchronisers make by themselves: not worth a word."""

QUIET_FOLDERS: tuple[str, ...] = ("@eadir", "__macosx", "#recycle", "$recycle.bin", "system volume information")
"""Folders that network drives, archives and systems make by themselves: not entered, and not worth a word."""
