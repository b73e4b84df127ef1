import { buildProgram } from "./build-program.ts";
import { findStale, PROGRAMS, type Program, programFolder } from "./programs.ts";

/**
 * Builds programs: `build-programs-main.ts ROOT PROGRAM ...`. A program and the threads and processes that it starts
 * become files of one folder, with what they use of our sources and of the packages.
 */
const [root = "", ...names] = process.argv.slice(2);
// One after another: the bundler uses all cores. Another process may have built some while this one waited.
for (const program of findStale(root, names.filter(isProgram))) {
  await buildProgram(root, { source: PROGRAMS[program], folder: programFolder(program) });
}

function isProgram(name: string): name is Program {
  return Object.hasOwn(PROGRAMS, name);
}
