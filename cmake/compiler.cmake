# One compiler, one language, every warning an error.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_options(-Wall -Wextra -Wconversion -Werror -fno-omit-frame-pointer)
add_link_options(-fuse-ld=lld)

# MEENT_SANITIZE: comma-separated, as -fsanitize takes it (address,undefined | thread).
set(MEENT_SANITIZE "" CACHE STRING "Sanitizers to build with")
if(MEENT_SANITIZE)
  add_compile_options(-fsanitize=${MEENT_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MEENT_SANITIZE})
endif()

# MEENT_FUZZ: build the fuzz targets too (tests/fuzz), with the house's folders instrumented.
option(MEENT_FUZZ "Build for fuzzing" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # A precompiled header is only cached when ccache may overlook its time stamp.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
