"""Files that nobody should take: evil.py FOLDER TEMPLATE.xlsx (a form that was downloaded)."""
import struct
import sys
import zipfile
import zlib
from pathlib import Path

folder, template = Path(sys.argv[1]), Path(sys.argv[2])


def with_parts(name, parts):
    """The template with more parts."""
    with zipfile.ZipFile(template) as old, zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename not in parts:
                new.writestr(part, old.read(part))
        for part, content in parts.items():
            with new.open(part, "w") as out:
                for chunk in content:
                    out.write(chunk)


zeros = b" " * (1 << 20)
with_parts("bomb.xlsx", {"xl/worksheets/sheet1.xml": (zeros for _ in range(400))})
with_parts("macro.xlsx", {"xl/vbaProject.bin": [b"\xd0\xcf\x11\xe0" + b"\0" * 600]})
with_parts("truncated-first.xlsx", {})
data = (folder / "truncated-first.xlsx").read_bytes()
(folder / "truncated.xlsx").write_bytes(data[: len(data) // 2])
(folder / "truncated-first.xlsx").unlink()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


side = 60_000
header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
rows = zlib.compressobj(9)
pixels = b"".join(rows.compress(b"\0" * (1 + side // 8)) for _ in range(side)) + rows.flush()
(folder / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))
(folder / "program.pdf").write_bytes(b"MZ\x90\0\x03\0\0\0" + bytes(range(256)))
(folder / "page.pdf").write_text("<!doctype html><script>alert(1)</script>")
(folder / "picture.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
(folder / "empty.pdf").write_bytes(b"")
with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
    archive.writestr("a.txt", "a")
