# What `npm install` builds: the addon, the preload libraries and the launcher. The sources stand in
# native/sources.json; CMakeLists.txt builds the same products and the tests besides.
{
  'variables': {
    'alloc8_warnings': ['-Wall', '-Wextra', '-Wno-missing-field-initializers'],
  },
  'target_defaults': {
    'include_dirs': ['native', 'native/include'],
    'cflags_cc!': ['-std=gnu++17'],
    'cflags_cc': ['-std=c++20', '<@(alloc8_warnings)'],
    'cflags': ['-fvisibility=hidden'],
    # Heaps that can look after themselves do so in a debug build.
    'configurations': {'Debug': {'defines': ['ALLOC8_CHECKED']}},
  },
  'targets': [
    {
      'target_name': 'alloc8',
      'sources': ['<!@(node scripts/sources.mjs alloc8)'],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      'defines': [
        'NAPI_VERSION=8',
        'NODE_ADDON_API_DISABLE_DEPRECATED',
        'NODE_ADDON_API_CPP_EXCEPTIONS',
        'ALLOC8_VERSION="<!(node -p "require(\'./package.json\').version")"',
      ],
      # node-addon-api turns JavaScript errors into C++ exceptions.
      'cflags_cc!': ['-fno-exceptions'],
      'cflags_cc': ['-fexceptions'],
    },
    {
      'target_name': 'alloc8-simple',
      'includes': ['native/preload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs alloc8-simple)'],
    },
    {
      'target_name': 'alloc8-multiarena',
      'includes': ['native/preload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs alloc8-multiarena)'],
    },
    {
      'target_name': 'alloc8-arena',
      'includes': ['native/preload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs alloc8-arena)'],
    },
    {
      'target_name': 'alloc8-hoard',
      'includes': ['native/preload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs alloc8-hoard)'],
    },
    {
      'target_name': 'alloc8-probe',
      'includes': ['native/preload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs alloc8-probe)'],
    },
    {
      'target_name': 'alloc8-witness',
      'includes': ['native/preload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs alloc8-witness)'],
    },
    {
      'target_name': 'alloc8-launch',
      'type': 'executable',
      'sources': ['<!@(node scripts/sources.mjs alloc8-launch)'],
      'cflags_cc': ['<!@(node scripts/sources.mjs --flags program compile)'],
      'ldflags!': ['-rdynamic'],
      'ldflags': ['<!@(node scripts/sources.mjs --flags program link)'],
      'libraries': ['<!@(node scripts/sources.mjs --flags program libraries)'],
    },
    {
      'target_name': 'alloc8-puppet',
      'type': 'executable',
      'sources': ['<!@(node scripts/sources.mjs alloc8-puppet)'],
      'cflags_cc': ['<!@(node scripts/sources.mjs --flags puppet compile)'],
      'libraries': ['<!@(node scripts/sources.mjs --flags puppet libraries)'],
    },
    {
      'target_name': 'workload',
      'type': 'static_library',
      'sources': ['<!@(node scripts/sources.mjs workload)'],
      'cflags_cc': ['<!@(node scripts/sources.mjs --flags library compile)'],
    },
    {
      'target_name': 'active-false',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs active-false)'],
    },
    {
      'target_name': 'big-blocks',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs big-blocks)'],
    },
    {
      'target_name': 'graph',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs graph)'],
    },
    {
      'target_name': 'growing-realloc',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs growing-realloc)'],
    },
    {
      'target_name': 'larson',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs larson)'],
    },
    {
      'target_name': 'passive-false',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs passive-false)'],
    },
    {
      'target_name': 'phases',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs phases)'],
    },
    {
      'target_name': 'producer-consumer',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs producer-consumer)'],
    },
    {
      'target_name': 'random-mix',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs random-mix)'],
    },
    {
      'target_name': 'server',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs server)'],
    },
    {
      'target_name': 'short-lived',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs short-lived)'],
    },
    {
      'target_name': 'strings',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs strings)'],
    },
    {
      'target_name': 'thread-churn',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs thread-churn)'],
    },
    {
      'target_name': 'threadtest',
      'includes': ['native/workload.gypi'],
      'sources': ['<!@(node scripts/sources.mjs threadtest)'],
    },
  ],
}
