const path = require('node:path');
const { task, src, dest } = require('gulp');

// tsc leaves pictures and codex files behind. encoding:false because gulp 5 would decode pictures as UTF-8.
task('build:icons', () =>
  src('{nodes,credentials,icons}/**/*.{png,svg,node.json}', { encoding: false }).pipe(dest(path.resolve('dist'))),
);
