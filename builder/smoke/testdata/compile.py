"""Usage: compile.py MODULE

Prints the milliseconds that Wasmtime takes for a core module or a component, in this process and with nothing kept
from before: to compile it, on all processors, and to instantiate it with imports that trap. failed is what the
instantiation said, as of a start function that asks the host.
"""
import json
import sys
import time

from wasmtime import Engine, Linker, Module, Store, Trap, WasmtimeError
from wasmtime.component import Component, Linker as ComponentLinker

with open(sys.argv[1], "rb") as file:
    data = file.read()
engine = Engine()
start = time.perf_counter()
if data[4:8] == b"\x0d\x00\x01\x00":
    module, linker = Component(engine, data), ComponentLinker(engine)
else:
    module, linker = Module(engine, data), Linker(engine)
linker.define_unknown_imports_as_traps(module)
failed = ""
try:
    linker.instantiate(Store(engine), module)
except (Trap, WasmtimeError) as error:
    failed = str(error)
print(json.dumps({"ms": (time.perf_counter() - start) * 1000, "failed": failed}))
