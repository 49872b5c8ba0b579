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
    if(MEENT_FUZZ)
      target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} INTERFACE ${folder_LINKS})
  endif()
endfunction()

# meent_tests(NAME LABEL label SOURCES ... LINKS ...)
# One GoogleTest executable for one folder of the house, its cases registered with ctest under
# LABEL. TIMEOUT is seconds per case (default 120). Without sources there is nothing to register.
# TOGETHER: one ctest case for all, called LABEL.NAME, so that they share what is slow to start.
#
# PROCESSORS of a test are halves of a core (the presets give four): 2 for one that works all the
# time, as nearly all do; 1 for one that mostly waits, which then runs beside whatever else does;
# 3 for one that keeps both cores busy. COST, in seconds, makes long ones start first.
function(meent_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 tests "TOGETHER" "LABEL;TIMEOUT" "SOURCES;LINKS")
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
  if(tests_TOGETHER)
    add_test(NAME ${tests_LABEL}.${name} COMMAND ${name})
    set_tests_properties(${tests_LABEL}.${name} PROPERTIES
      LABELS ${tests_LABEL} TIMEOUT ${tests_TIMEOUT} PROCESSORS 1 COST 100)
    return()
  endif()
  gtest_discover_tests(${name}
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 120
    PROPERTIES LABELS ${tests_LABEL} TIMEOUT ${tests_TIMEOUT} PROCESSORS 2)
endfunction()

# meent_embed(TARGET FOLDER folder FILES ...)
# Builds the files of one folder into TARGET (api/pages/web_files.h reads them).
function(meent_embed target)
  cmake_parse_arguments(PARSE_ARGV 1 embed "" "FOLDER" "FILES")
  set(out "${CMAKE_CURRENT_BINARY_DIR}/embedded_${embed_FOLDER}_files.cpp")
  set(script "${PROJECT_SOURCE_DIR}/cmake/embed.cmake")
  list(TRANSFORM embed_FILES PREPEND "${PROJECT_SOURCE_DIR}/${embed_FOLDER}/" OUTPUT_VARIABLE paths)
  list(JOIN embed_FILES "|" names)
  add_custom_command(
    OUTPUT "${out}"
    COMMAND ${CMAKE_COMMAND} "-DOUT=${out}" "-DFOLDER=${PROJECT_SOURCE_DIR}/${embed_FOLDER}"
            "-DFILES=${names}" -P "${script}"
    DEPENDS ${paths} "${script}"
    COMMENT "Embedding ${embed_FOLDER}/"
    VERBATIM)
  target_sources(${target} PRIVATE "${out}")
endfunction()
