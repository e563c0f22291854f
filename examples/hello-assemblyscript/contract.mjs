// What the contract needs and AssemblyScript cannot say: a name with a dash, and the section with
// the world in wit, of which astrid-dev makes a component.
import { readFileSync } from "node:fs";
import { Transform } from "assemblyscript/transform";

const world = new URL("world.bin", import.meta.url);

export default class Contract extends Transform {
  afterCompile(module) {
    module.removeExport("trigger");
    module.addFunctionExport("assembly/abi/trigger", "astrid-hook-trigger");
    module.addCustomSection("component-type:capsule", readFileSync(world));
  }
}
