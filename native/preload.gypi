# How a library that is preloaded into other people's programs is built; native/sources.json has the flags and why.
{
  'type': 'shared_library',
  'product_name': 'lib<(_target_name)',
  'cflags_cc': ['<!@(node scripts/sources.mjs --flags preload compile)'],
  'ldflags!': ['-rdynamic'],
  'ldflags': ['<!@(node scripts/sources.mjs --flags preload link)'],
  'libraries': ['<!@(node scripts/sources.mjs --flags preload libraries)'],
}
