# What the addon for Node and the portable program link, whole: machines where they run need not have our libraries. And hidden:
# the node binary shows OpenSSL and simdjson of its own to whatever it loads.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
add_compile_options(-ffunction-sections -fdata-sections)

find_package(Threads REQUIRED)
set(OPENSSL_USE_STATIC_LIBS ON)
find_package(OpenSSL REQUIRED)
find_package(nlohmann_json REQUIRED)

# Debian's fmt and spdlog are headers that may be used without their libraries.
add_library(signalbox_fmt INTERFACE)
target_compile_definitions(signalbox_fmt INTERFACE FMT_HEADER_ONLY=1)
add_library(fmt::fmt ALIAS signalbox_fmt)
add_library(signalbox_spdlog INTERFACE)
target_compile_definitions(signalbox_spdlog INTERFACE SPDLOG_FMT_EXTERNAL=1)
target_link_libraries(signalbox_spdlog INTERFACE signalbox_fmt)
add_library(spdlog::spdlog ALIAS signalbox_spdlog)

find_library(sqlite_archive libsqlite3.a REQUIRED)
find_path(sqlite_headers sqlite3.h REQUIRED)
add_library(SQLite::SQLite3 STATIC IMPORTED GLOBAL)
set_target_properties(SQLite::SQLite3 PROPERTIES IMPORTED_LOCATION ${sqlite_archive} INTERFACE_INCLUDE_DIRECTORIES ${sqlite_headers}
                      INTERFACE_LINK_LIBRARIES "m;${CMAKE_DL_LIBS}")

find_library(hiredis_library libhiredis.a REQUIRED)

# Debian has simdjson as a shared library alone; its source package is one file and a header.
set(SIGNALBOX_SIMDJSON "" CACHE PATH "Folder of simdjson's single file, simdjson.cpp and simdjson.h")
add_library(signalbox_simdjson STATIC ${SIGNALBOX_SIMDJSON}/simdjson.cpp)
target_include_directories(signalbox_simdjson SYSTEM PUBLIC ${SIGNALBOX_SIMDJSON})
target_compile_options(signalbox_simdjson PRIVATE -w)
add_library(simdjson::simdjson ALIAS signalbox_simdjson)

# And prometheus-cpp, of which two files write text.
set(SIGNALBOX_PROMETHEUS "" CACHE PATH "Folder of prometheus-cpp's core: src and include")
file(WRITE ${CMAKE_BINARY_DIR}/prometheus/prometheus/detail/core_export.h "#pragma once\n#define PROMETHEUS_CPP_CORE_EXPORT\n")
add_library(signalbox_prometheus STATIC ${SIGNALBOX_PROMETHEUS}/src/serializer.cc ${SIGNALBOX_PROMETHEUS}/src/text_serializer.cc)
target_include_directories(signalbox_prometheus SYSTEM PUBLIC ${SIGNALBOX_PROMETHEUS}/include ${CMAKE_BINARY_DIR}/prometheus)
target_compile_options(signalbox_prometheus PRIVATE -w)
add_library(prometheus-cpp::core ALIAS signalbox_prometheus)

# Debian has mimalloc as a shared library alone, too. Its symbols are seen by all, so that the C library allocates by it as well.
set(SIGNALBOX_MIMALLOC "" CACHE PATH "Folder of mimalloc's source, for the portable program")
if(SIGNALBOX_MIMALLOC)
  enable_language(C)
  add_library(signalbox_mimalloc OBJECT ${SIGNALBOX_MIMALLOC}/src/static.c)
  target_include_directories(signalbox_mimalloc PRIVATE ${SIGNALBOX_MIMALLOC}/include)
  target_compile_definitions(signalbox_mimalloc PRIVATE MI_MALLOC_OVERRIDE)
  target_compile_options(signalbox_mimalloc PRIVATE -w)
endif()

# signalbox_links_all(TARGET): it needs nothing but glibc, of 2.34 or newer.
function(signalbox_links_all target)
  target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cmake/unwind_object.cpp)
  target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
endfunction()
