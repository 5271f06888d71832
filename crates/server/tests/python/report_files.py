"""Reads reports back from their files with openpyxl and python-docx, and holds every cell against what the API says of them.

Usage: report_files.py FOLDER, with KIND.json (the API's answer), KIND.xlsx, KIND.docx and KIND.csv for each kind of report.
"""

import csv
import json
import pathlib
import sys
from decimal import Decimal

import docx
import openpyxl


def shown(cell):
    return {"number": lambda: cell["value"], "text": lambda: cell["text"], "missing": lambda: "—"}[cell["cell"]]()


def fail(what):
    sys.exit(f"not equal: {what}")


def tables(report):
    return [table for chapter in report["body"]["chapters"] for table in chapter["tables"]]


def excel(report, path):
    book = openpyxl.load_workbook(path)
    sheets = book.worksheets[1:]
    if len(sheets) != len(tables(report)):
        fail(f"{path.name}: {len(sheets)} sheets")
    numbers = 0
    for sheet, table in zip(sheets, tables(report)):
        heads = [cell.value for cell in sheet[1]]
        if heads != [column["title"] for column in table["columns"]]:
            fail(f"{path.name} {sheet.title}: {heads}")
        for n, row in enumerate(table["rows"], start=2):
            for cell, said in zip(sheet[n], row["cells"]):
                where = f"{path.name} {sheet.title} {cell.coordinate}: {cell.value!r} is not {said}"
                if said["cell"] == "number":
                    # a number of the file is a number, with the decimals of the rule as its format
                    if cell.data_type != "n" or Decimal(repr(cell.value)) != Decimal(said["value"]):
                        fail(where)
                    decimals = len(said["value"].partition(".")[2])
                    if cell.number_format != ("0." + "0" * decimals if decimals else "0"):
                        fail(f"{where}: {cell.number_format}")
                    numbers += 1
                elif cell.data_type != "s" or cell.value != shown(said):
                    fail(where)
                elif said["cell"] == "missing" and (cell.comment is None or said["reason"] not in cell.comment.text):
                    fail(f"{where}: no reason")
    return numbers


def word(report, path):
    document = docx.Document(path)
    texts = [p.text for p in document.paragraphs]
    for chapter in report["body"]["chapters"]:
        for paragraph in chapter["paragraphs"]:
            if paragraph not in texts:
                fail(f"{path.name}: {paragraph}")
    for text in texts + [c.text for t in document.tables for row in t.rows for c in row.cells]:
        if "{{" in text or "}}" in text:
            fail(f"{path.name}: {text}")
    filled = [table for table in tables(report) if table["rows"]]
    if len(document.tables) != len(filled):
        fail(f"{path.name}: {len(document.tables)} tables, {len(filled)} with rows")
    cells = 0
    for there, table in zip(document.tables, filled):
        rows = [[cell.text for cell in row.cells] for row in there.rows]
        expected = [[column["title"] for column in table["columns"]]]
        expected += [[shown(cell) for cell in row["cells"]] for row in table["rows"]]
        for a, b in zip(rows, expected, strict=True):
            if a != b:
                fail(f"{path.name} {table['title']}: {a} is not {b}")
            cells += len(a)
    if report["body"]["title"] != texts[0]:
        fail(f"{path.name}: {texts[0]}")
    section = document.sections[0]
    page = [round(length.mm) for length in (section.page_width, section.page_height, section.top_margin, section.left_margin)]
    if page != [210, 297, 37, 28]:
        fail(f"{path.name}: page {page}")
    return cells


def text(report, path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    for table in tables(report):
        at = rows.index([table["title"]])
        for row, said in zip(rows[at + 2 :], table["rows"]):
            for cell, one in zip(row, said["cells"], strict=True):
                if one["cell"] == "number" and cell != one["value"]:
                    fail(f"{path.name} {table['title']}: {cell} is not {one}")


def main(folder):
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        report = json.loads(path.read_text(encoding="utf-8"))
        numbers = excel(report, path.with_suffix(".xlsx"))
        cells = word(report, path.with_suffix(".docx"))
        text(report, path.with_suffix(".csv"))
        print(f"{path.stem}: {numbers} numbers by openpyxl and {cells} cells by python-docx are equal to the API's")


main(sys.argv[1])
