"""The aws CLI as a process that stays: starting a Python for each of a hundred calls costs more than the calls.

Reads a JSON array of arguments per line and answers each with a line of JSON: {"status", "stdout", "stderr"}.
"""
import contextlib
import io
import json
import sys

import awscli.clidriver

driver = awscli.clidriver.create_clidriver()


def call(arguments):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = driver.main(arguments)
        except SystemExit as stop:  # how its parser refuses arguments
            status = stop.code
    return {
        "status": status,
        "stdout": out.buffer.getvalue().decode(),
        "stderr": err.buffer.getvalue().decode(),
    }


for line in sys.stdin:
    print(json.dumps(call(json.loads(line))), flush=True)
