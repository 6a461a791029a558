// Makes one file of a program and all it imports: a process of it starts in a third of the time.
export default {
  logLevel: 'error',
  ssr: { noExternal: true, target: 'node' },
  build: { target: 'node24', minify: false, copyPublicDir: false, rolldownOptions: { output: { entryFileNames: 'program.mjs' } } },
};
