# How a library that is preloaded into other people's programs is built: no C++ runtime, no exceptions, its own calls
# bound at load time and inside, thread-local storage that needs no call, and no guessing about malloc by the compiler
# (which turns malloc and memset into calloc, and calloc's own body into itself).
{
  'type': 'shared_library',
  'product_name': 'lib<(_target_name)',
  'cflags': ['-flto'],
  'cflags_cc': [
    '-fno-rtti',
    '-fno-exceptions',
    '-fno-threadsafe-statics',
    '-ftls-model=initial-exec',
    '-fno-builtin-malloc',
    '-fno-builtin-calloc',
    '-fno-builtin-realloc',
    '-fno-builtin-free',
  ],
  'ldflags!': ['-rdynamic'],
  'ldflags': ['-flto', '-O2', '-nodefaultlibs', '-Wl,-z,defs', '-Wl,-z,now', '-Wl,-z,relro'],
  'libraries': ['-lc', '-lgcc'],
}
