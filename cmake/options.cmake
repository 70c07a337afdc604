# Compiler settings and the libraries that every room may ask for.
option(SIGNALBOX_TESTS "Build the tests" OFF)
option(SIGNALBOX_FUZZ "Build the fuzz targets (clang)" OFF)
option(SIGNALBOX_BENCH "Build the servers and the load generator of bench/run" ON)
option(SIGNALBOX_MICROBENCH "Build the micro-benchmarks (Google Benchmark)" OFF)
set(SIGNALBOX_WEB AUTO CACHE STRING "Embed the demo page and the client script: AUTO, ON or OFF")
set_property(CACHE SIGNALBOX_WEB PROPERTY STRINGS AUTO ON OFF)
set(SIGNALBOX_SANITIZE "" CACHE STRING "Value for -fsanitize=, such as address,undefined")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-Wthread-safety -Werror=thread-safety -Wno-missing-designated-field-initializers)
endif()
if(SIGNALBOX_SANITIZE)
  add_compile_options(-fsanitize=${SIGNALBOX_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SIGNALBOX_SANITIZE})
endif()

if(SIGNALBOX_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)  # or the fuzzer sees its own file alone
endif()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 REQUIRED)

# signalbox_allocates(PROGRAM): a frame is allocated by the thread that emits and freed by the shard that sends it, often
# another, which mimalloc does better than the C library. A sanitizer has an allocator of its own.
find_package(mimalloc QUIET)
function(signalbox_allocates program)
  if(mimalloc_FOUND AND NOT SIGNALBOX_SANITIZE)
    target_link_options(${program} PRIVATE -Wl,--no-as-needed)  # nothing in the program names it
    target_link_libraries(${program} PRIVATE mimalloc)
  endif()
endfunction()
