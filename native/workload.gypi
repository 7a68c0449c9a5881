# How a workload is built: an ordinary program, beside the others of its kind; native/sources.json has the flags and why.
{
  'type': 'executable',
  'dependencies': ['workload'],
  'product_dir': '<(PRODUCT_DIR)/workloads',
  'cflags_cc': ['<!@(node scripts/sources.mjs --flags workload compile)'],
  'libraries': ['<!@(node scripts/sources.mjs --flags workload libraries)'],
}
