"""Writes board.pdf, the chart that an installer prints and holds into the picture: 11 by 8 squares of 24 mm on A4.

    python calibration/board.py calibration/board.pdf

Print it at 100 %, glue it to something flat. The size of the squares does not matter to the result, their being square and
flat does. No picture library is needed: a PDF of rectangles is a page of text.
"""

import sys

PAGE = (297.0, 210.0)  # millimetres, A4 across
COLUMNS, ROWS, SQUARE = 11, 8, 24.0
POINT = 72 / 25.4


def page():
    """The drawing: dark squares, and what to do with them in one line below."""
    left, bottom = (PAGE[0] - COLUMNS * SQUARE) / 2, (PAGE[1] - ROWS * SQUARE) / 2 + 3
    lines = [f"{POINT:.6f} 0 0 {POINT:.6f} 0 0 cm", "0 g"]
    for row in range(ROWS):
        for column in range(COLUMNS):
            if (row + column) % 2 == 0:
                x, y = left + column * SQUARE, bottom + row * SQUARE
                lines.append(f"{x:.2f} {y:.2f} {SQUARE:.2f} {SQUARE:.2f} re f")
    note = "Chuangming calibration chart: print at 100 %, keep flat, hold towards the camera"
    lines.append(f"BT /F1 3.4 Tf {left:.2f} 3.4 Td ({note}) Tj ET")
    return "\n".join(lines).encode("ascii")


def pdf(content):
    """A PDF of one page."""
    width, height = (side * POINT for side in PAGE)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] /Contents 4 0 R "
        f"/Resources << /Font << /F1 5 0 R >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as file:
        file.write(pdf(page()))
