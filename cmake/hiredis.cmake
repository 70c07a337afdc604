# hiredis::hiredis, which Debian packages without a file for CMake. Its protocol is used, never its sockets.
if(NOT TARGET hiredis::hiredis)
  find_library(hiredis_library hiredis REQUIRED)
  find_path(hiredis_headers hiredis/read.h REQUIRED)
  add_library(hiredis::hiredis UNKNOWN IMPORTED GLOBAL)
  set_target_properties(hiredis::hiredis PROPERTIES IMPORTED_LOCATION ${hiredis_library} INTERFACE_INCLUDE_DIRECTORIES ${hiredis_headers})
endif()
