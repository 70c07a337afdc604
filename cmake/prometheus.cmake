# prometheus-cpp::core, of which the text format is used. Debian's file for CMake asks for a web server and for curl beside it.
if(NOT TARGET prometheus-cpp::core)
  find_library(prometheus_library prometheus-cpp-core REQUIRED)
  find_path(prometheus_headers prometheus/text_serializer.h REQUIRED)
  add_library(prometheus-cpp::core UNKNOWN IMPORTED GLOBAL)
  set_target_properties(prometheus-cpp::core PROPERTIES IMPORTED_LOCATION ${prometheus_library} INTERFACE_INCLUDE_DIRECTORIES ${prometheus_headers})
endif()
