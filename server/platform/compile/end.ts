// All imports of programs.ts are loaded and compiled by now, and none but this one has run. Exit writes the compile cache.
process.exit(0);
