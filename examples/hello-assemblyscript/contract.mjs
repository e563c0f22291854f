// AssemblyScript cannot export a name with a dash, so the contract's name is given here.
import { Transform } from "assemblyscript/transform";

export default class Contract extends Transform {
  afterCompile(module) {
    module.removeExport("trigger");
    module.addFunctionExport("assembly/abi/trigger", "astrid-hook-trigger");
  }
}
