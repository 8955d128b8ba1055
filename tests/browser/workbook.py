"""Prints a workbook's sheets as JSON, name to rows of cells, so that a browser test can look into one. `workbook.py FILE`"""

import json
import re
import sys
from xml.etree import ElementTree
from zipfile import ZipFile

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def column(reference: str) -> int:
    """The column of a place such as `B7`, counted from 0."""
    number = 0
    for letter in re.match("[A-Z]+", reference).group():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def main(path: str) -> None:
    with ZipFile(path) as book:
        part = lambda name: ElementTree.fromstring(book.read(name))
        text = lambda node: "".join(piece.text or "" for piece in node.iter(f"{MAIN}t"))
        texts = [text(one) for one in part("xl/sharedStrings.xml").iter(f"{MAIN}si")]
        names = [sheet.get("name") for sheet in part("xl/workbook.xml").iter(f"{MAIN}sheet")]
        sheets = {}
        for number, name in enumerate(names, start=1):
            rows = []
            for row in part(f"xl/worksheets/sheet{number}.xml").iter(f"{MAIN}row"):
                cells = []
                for cell in row.iter(f"{MAIN}c"):
                    value = cell.find(f"{MAIN}v")
                    if value is None:
                        continue
                    cells += [None] * (column(cell.get("r")) - len(cells))
                    cells.append(texts[int(value.text)] if cell.get("t") == "s" else float(value.text))
                rows.append(cells)
            sheets[name] = rows
    json.dump(sheets, sys.stdout)


main(sys.argv[1])
