# meent_folder(NAME SOURCES ... LINKS ... USES ...)
# One folder of the house as a static library. SOURCES are its .cpp files, one a line, alphabetical;
# LINKS the folders it may include; USES the third-party libraries, which stay private to it.
# A folder without sources is an interface library.
function(meent_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 folder "" "" "SOURCES;LINKS;USES")
  if(folder_SOURCES)
    add_library(${name} STATIC ${folder_SOURCES})
    target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PUBLIC ${folder_LINKS} PRIVATE ${folder_USES})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} INTERFACE ${folder_LINKS})
  endif()
endfunction()

# meent_tests(NAME LABEL label SOURCES ... LINKS ...)
# One GoogleTest executable for one folder of the house, its cases registered with ctest under
# LABEL. TIMEOUT is seconds per case (default 120). Without sources there is nothing to register.
function(meent_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 tests "" "LABEL;TIMEOUT" "SOURCES;LINKS")
  if(NOT tests_SOURCES)
    return()
  endif()
  if(NOT tests_TIMEOUT)
    set(tests_TIMEOUT 120)
  endif()
  add_executable(${name} ${tests_SOURCES})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(${name} PRIVATE
    MEENT_SOURCE_DIR="${PROJECT_SOURCE_DIR}" MEENT_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${name} PRIVATE ${tests_LINKS} GTest::gtest GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM meent_gtest)
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 120
    PROPERTIES LABELS ${tests_LABEL} TIMEOUT ${tests_TIMEOUT})
endfunction()
