"""Writes board.pdf, the chart that an installer prints and holds into the picture: OpenCV's ChArUco board, 11 by 7 squares
of 24 mm on A4. Each light square holds a marker that tells which one it is, so that a part of the chart is enough.

    python calibration/board.py calibration/board.pdf

Print it at 100 %, glue it to something flat. The size of the squares does not matter to the result, their being square and
flat does. No picture library is needed: a PDF of rectangles is a page of text.
"""

import sys

PAGE = (297.0, 210.0)  # millimetres, A4 across
# The agent's edge-agent/src/chart.rs looks for the same board. An odd number of rows: OpenCV's older and newer releases
# disagree about the others.
COLUMNS, ROWS, SQUARE, MARKER = 11, 7, 24.0, 18.0
POINT = 72 / 25.4
# Of OpenCV's dictionary DICT_4X4_50, the first 38: four rows of four modules from the upper left on, a light one is 1.
MARKERS = """
    b532 0f9a 332d 9946 549e 79cd 9e2e c4f2 feda cf56 f991 11a7 0eb7 2a0f 24b1 263e 4665 6600 6c5e 76af
    868b b02b ccd5 dd82 fe47 9471 ace4 a554 2123 346f 4415 57b2 9ecf f0cb 08ae 0929 1875 04ff
""".split()
SIDE = 6  # modules of a marker, with the dark ones around its bits


def dark_modules(marker):
    """The modules of a marker that are dark, as (column, row) from its upper left."""
    bits = f"{int(marker, 16):016b}"
    inner = range(1, SIDE - 1)
    for row in range(SIDE):
        for column in range(SIDE):
            if not (row in inner and column in inner and bits[(row - 1) * 4 + column - 1] == "1"):
                yield column, row


def rectangles():
    """What is dark, as (x, y, side) in millimetres from the chart's upper left, y down."""
    markers = iter(MARKERS)
    edge, module = (SQUARE - MARKER) / 2, MARKER / SIDE
    for row in range(ROWS):
        for column in range(COLUMNS):
            x, y = column * SQUARE, row * SQUARE
            if (row + column) % 2 == 0:
                yield x, y, SQUARE
                continue
            for right, down in dark_modules(next(markers)):
                yield x + edge + right * module, y + edge + down * module, module


def page():
    """The drawing: the chart, and what to do with it in one line below."""
    left, top = (PAGE[0] - COLUMNS * SQUARE) / 2, (PAGE[1] + ROWS * SQUARE) / 2 + 3
    # One path: rectangles filled one by one would show seams.
    dark = [f"{left + x:.2f} {top - y - side:.2f} {side:.2f} {side:.2f} re" for x, y, side in rectangles()]
    note = "Chuangming calibration chart: print at 100 %, keep flat, hold towards the camera"
    text = f"BT /F1 3.4 Tf {left:.2f} 3.4 Td ({note}) Tj ET"
    return "\n".join([f"{POINT:.6f} 0 0 {POINT:.6f} 0 0 cm", "0 g", *dark, "f", text]).encode("ascii")


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
