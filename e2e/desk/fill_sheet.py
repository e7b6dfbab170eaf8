"""Fills a downloaded form in as a person does: looks for the label in column B and types into column C.

fill_sheet.py IN OUT < {"label": value, …}
"""
import datetime
import json
import re
import sys

import openpyxl

book = openpyxl.load_workbook(sys.argv[1])
wanted = json.load(sys.stdin)
for sheet in book.worksheets:
    if sheet.sheet_state != "visible":
        continue
    for row in range(1, sheet.max_row + 1):
        label = re.sub(r"\W*(必須|required)\W*$", "", str(sheet.cell(row, 2).value or "")).strip()
        cell = sheet.cell(row, 3)
        if label in wanted and not cell.protection.locked:
            value = wanted.pop(label)
            if isinstance(value, dict):
                value = datetime.date.fromisoformat(value["date"])
            cell.value = value
if wanted:
    sys.exit(f"no such question in the sheet: {', '.join(wanted)}")
book.save(sys.argv[2])
