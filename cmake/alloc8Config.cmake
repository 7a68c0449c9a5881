# What another project needs to build a heap: the targets and variables of alloc8, the same whether the project finds
# the package (find_package, also in node_modules), fetches it or adds it as a folder. Nothing is built unless it is
# linked to.
#
#   alloc8::headers        the headers alone
#   alloc8::preload        and the flags of a heap in libc's place: all that one with alloc8/gnu_wrapper.h needs
#   alloc8::interpose      and the interposer: a shared library, a static one or a program that links this to a heap
#                          has the heap in libc's place
#   alloc8::threads        and the thread hooks
#   alloc8::freestanding   flags for a heap that does without the C++ runtime, so that a C program gets no new library
#   alloc8::prefixed       the heap as NAME_malloc and so on, with the definition ALLOC8_PREFIX=NAME on the target that
#                          links this
#   ALLOC8_{INTERPOSE,COMMON,THREAD}_SOURCES  upstream alloc8's names for the same, for lists of sources; they and the
#                          targets may be used together

include_guard(GLOBAL)

if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
  message(FATAL_ERROR "alloc8: expected Linux with glibc, got ${CMAKE_SYSTEM_NAME}; the interposer has no other body yet")
endif()

get_filename_component(alloc8_native "${CMAKE_CURRENT_LIST_DIR}/../native" ABSOLUTE)
file(READ "${alloc8_native}/sources.json" alloc8_list)

# The strings of an array of sources.json, each behind what `BEFORE` says.
function(alloc8_array result before)
  string(JSON count LENGTH "${alloc8_list}" ${ARGN})
  math(EXPR last "${count} - 1")
  set(strings "")
  foreach(i RANGE ${last})
    string(JSON text GET "${alloc8_list}" ${ARGN} ${i})
    list(APPEND strings "${before}${text}")
  endforeach()
  set(${result} "${strings}" PARENT_SCOPE)
endfunction()

foreach(group IN ITEMS interpose common platform threads prefixed)
  alloc8_array(alloc8_${group} "${alloc8_native}/" groups ${group})
endforeach()
alloc8_array(alloc8_compile "" kinds preload compile)

# What a heap may decide for itself, and what only one compiler's linker can be asked for here.
set(alloc8_freestanding -fno-rtti -fno-exceptions -fno-threadsafe-statics)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND alloc8_compile -ffat-lto-objects) # an ar without the compiler's plugin can pack these, too
else()
  list(REMOVE_ITEM alloc8_compile -flto)
endif()
set(alloc8_for_heaps ${alloc8_compile} -fvisibility=hidden -fvisibility-inlines-hidden)
list(REMOVE_ITEM alloc8_for_heaps ${alloc8_freestanding})
list(TRANSFORM alloc8_for_heaps REPLACE "(.+)" "$<$<COMPILE_LANGUAGE:CXX>:\\1>")
list(TRANSFORM alloc8_freestanding REPLACE "(.+)" "$<$<COMPILE_LANGUAGE:CXX>:\\1>")

# Without a build type CMake optimises nothing, and a heap that is not optimised is not inlined into malloc.
set(alloc8_optimise "")
if(NOT "${CMAKE_CXX_FLAGS}" MATCHES "-O")
  set(alloc8_optimise "$<$<AND:$<CONFIG:>,$<COMPILE_LANGUAGE:CXX>>:-O2>")
endif()

# Our own sources are compiled with our own flags, whatever those of the project are: a file each, because in one with
# the functions that call them the bridge's defaults would win over the heap's, and without warnings, which the project
# may have made errors and could not mend.
function(alloc8_objects name)
  add_library(alloc8_${name}_objects OBJECT EXCLUDE_FROM_ALL ${ARGN})
  target_compile_features(alloc8_${name}_objects PRIVATE cxx_std_20)
  target_compile_options(alloc8_${name}_objects PRIVATE -O3 ${alloc8_compile} -fvisibility=hidden
                                                        -fvisibility-inlines-hidden -w)
  target_include_directories(alloc8_${name}_objects PRIVATE "${alloc8_native}" "${alloc8_native}/include")
  set_target_properties(alloc8_${name}_objects PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
endfunction()
alloc8_objects(common ${alloc8_common} ${alloc8_platform})
alloc8_objects(interpose ${alloc8_interpose})
alloc8_objects(threads ${alloc8_threads})

set(ALLOC8_COMMON_SOURCES $<TARGET_OBJECTS:alloc8_common_objects>
    CACHE INTERNAL "What the headers of alloc8 stand on")
set(ALLOC8_INTERPOSE_SOURCES $<TARGET_OBJECTS:alloc8_interpose_objects> ${ALLOC8_COMMON_SOURCES}
    CACHE INTERNAL "alloc8's interposer, with all that it stands on")
set(ALLOC8_THREAD_SOURCES $<TARGET_OBJECTS:alloc8_threads_objects> CACHE INTERNAL "alloc8's thread hooks")

add_library(alloc8::headers INTERFACE IMPORTED GLOBAL)
# The second folder is for alloc8/gnu_wrapper.h, which takes the interposer's sources in.
target_include_directories(alloc8::headers INTERFACE "${alloc8_native}/include" "${alloc8_native}")
target_compile_features(alloc8::headers INTERFACE cxx_std_20)

add_library(alloc8::preload INTERFACE IMPORTED GLOBAL)
# The static libgcc, as what the compiler itself calls (to count bits, say) should bring no library either.
target_link_libraries(alloc8::preload INTERFACE alloc8::headers ${CMAKE_DL_LIBS} -lgcc)
target_compile_options(alloc8::preload INTERFACE ${alloc8_for_heaps} ${alloc8_optimise})
# A C program should not get the C++ runtime for a heap that refers to nothing in it. What a library lacks shows when it
# is linked, not when the target starts. A program takes the heap in though it may not call malloc itself; one with the
# C++ runtime inside needs what operator new fails with.
set(alloc8_is_program $<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>)
target_link_options(alloc8::preload INTERFACE
  -Wl,--as-needed -Wl,-z,relro -Wl,-z,now
  $<$<CXX_COMPILER_ID:GNU>:-flto> -O2
  $<$<NOT:${alloc8_is_program}>:-Wl,-z,defs>
  $<${alloc8_is_program}:-Wl,-u,malloc>
  $<$<AND:${alloc8_is_program},$<LINK_LANGUAGE:CXX>>:-Wl,-u,_ZSt17__throw_bad_allocv,-u,_ZSt15get_new_handlerv>)

add_library(alloc8::interpose INTERFACE IMPORTED GLOBAL)
target_link_libraries(alloc8::interpose INTERFACE alloc8::preload)
target_sources(alloc8::interpose INTERFACE ${ALLOC8_INTERPOSE_SOURCES})

add_library(alloc8::threads INTERFACE IMPORTED GLOBAL)
target_link_libraries(alloc8::threads INTERFACE alloc8::interpose)
target_sources(alloc8::threads INTERFACE ${ALLOC8_THREAD_SOURCES})

add_library(alloc8::freestanding INTERFACE IMPORTED GLOBAL)
alloc8_array(alloc8_link "" kinds preload link)
alloc8_array(alloc8_libraries "" kinds preload libraries)
list(REMOVE_ITEM alloc8_link -flto)
target_compile_options(alloc8::freestanding INTERFACE ${alloc8_freestanding})
target_link_options(alloc8::freestanding INTERFACE
  $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,SHARED_LIBRARY>:${alloc8_link}>
  $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>:${alloc8_link}>)
target_link_libraries(alloc8::freestanding INTERFACE ${alloc8_libraries})

# Compiled anew for each prefix, with the flags of the heap: it is as much part of it as the bridge. Its sources are the
# target's, which therefore may be no UNITY_BUILD.
add_library(alloc8::prefixed INTERFACE IMPORTED GLOBAL)
target_link_libraries(alloc8::prefixed INTERFACE alloc8::headers ${CMAKE_DL_LIBS})
target_sources(alloc8::prefixed INTERFACE ${alloc8_prefixed} ${alloc8_common} ${alloc8_platform})
list(FILTER alloc8_for_heaps EXCLUDE REGEX "lto")
target_compile_options(alloc8::prefixed INTERFACE ${alloc8_for_heaps} ${alloc8_freestanding} ${alloc8_optimise})

# Upstream's option: one prefix for all, and a header of its name.
if(ALLOC8_PREFIX)
  target_compile_definitions(alloc8::prefixed INTERFACE "ALLOC8_PREFIX=${ALLOC8_PREFIX}")
  file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/alloc8_prefixed/alloc8/${ALLOC8_PREFIX}_malloc.h"
       CONTENT "#pragma once\n#include <alloc8/prefixed.h>\nALLOC8_DECLARE_PREFIXED(@ALLOC8_PREFIX@)\n" @ONLY)
  target_include_directories(alloc8::prefixed INTERFACE "${CMAKE_CURRENT_BINARY_DIR}/alloc8_prefixed")
endif()
