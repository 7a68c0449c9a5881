# The version that find_package asks for, from the one place where it stands. Below 1.0 each minor version may break.

file(READ "${CMAKE_CURRENT_LIST_DIR}/../package.json" alloc8_package)
string(JSON PACKAGE_VERSION GET "${alloc8_package}" version)
string(REGEX MATCH "^(0\\.)?[0-9]+" alloc8_major "${PACKAGE_VERSION}")
if(PACKAGE_FIND_VERSION VERSION_LESS_EQUAL PACKAGE_VERSION
   AND (NOT PACKAGE_FIND_VERSION OR "${PACKAGE_FIND_VERSION}." MATCHES "^${alloc8_major}\\."))
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
endif()
