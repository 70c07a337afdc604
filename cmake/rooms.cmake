# signalbox_room(NAME [PUBLIC lib…] [PRIVATE lib…]): src/NAME as an object library that sees src/ and include/ and links only
# what is named here. tools/check_layers holds the includes against the same list.
set_property(GLOBAL PROPERTY SIGNALBOX_ROOMS "")

function(signalbox_room name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  set(target signalbox_${name})
  if(NOT sources)
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
    target_link_libraries(${target} INTERFACE ${ARG_PUBLIC} ${ARG_PRIVATE})
    return()
  endif()
  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include ${PROJECT_BINARY_DIR}/include)
  target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  set_property(GLOBAL APPEND PROPERTY SIGNALBOX_ROOMS ${target})
endfunction()

# A room is one file to the compiler in a unity build, and of so much at once g++ would inline less than of its files one by one. This is
# for the rooms that an event passes through.
function(signalbox_inline_more)
  if(NOT CMAKE_UNITY_BUILD OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR SIGNALBOX_SANITIZE)
    return()
  endif()
  foreach(room ${ARGN})
    target_compile_options(signalbox_${room} PRIVATE --param=inline-unit-growth=200 --param=large-unit-insns=1000000)
  endforeach()
endfunction()

# For those that wait for a disk or for Redis most of their time.
function(signalbox_small)
  foreach(room ${ARGN})
    target_compile_options(signalbox_${room} PRIVATE $<$<CONFIG:Release>:-Os>)
  endforeach()
endfunction()
