"""The tables of a report by openpyxl and python-docx, from its JSON. Peer of `bench report`; same cells, same numbers."""

import json
import sys

import docx
import openpyxl


def shown(cell):
    return cell["value"] if cell["cell"] == "number" else cell["text"] if cell["cell"] == "text" else "—"


def main(source, out):
    report = json.load(open(source, encoding="utf-8"))
    book, document = openpyxl.Workbook(), docx.Document()
    document.add_heading(report["title"])
    for chapter in report["chapters"]:
        document.add_heading(chapter["title"], 1)
        for paragraph in chapter["paragraphs"]:
            document.add_paragraph(paragraph)
        for table in chapter["tables"]:
            sheet = book.create_sheet(table["title"][:28].replace("/", ""))
            heads = [column["title"] for column in table["columns"]]
            sheet.append(heads)
            there = document.add_table(rows=1 + len(table["rows"]), cols=len(heads))
            # cells of python-docx are found again each time; taking them once is what its users are told to do
            cells = there._cells
            for n, head in enumerate(heads):
                cells[n].text = head
            for r, row in enumerate(table["rows"], start=1):
                sheet.append([float(c["value"]) if c["cell"] == "number" else shown(c) for c in row["cells"]])
                for n, cell in enumerate(row["cells"]):
                    cells[r * len(heads) + n].text = shown(cell)
    book.save(out + ".xlsx")
    document.save(out + ".docx")


main(sys.argv[1], sys.argv[2])
