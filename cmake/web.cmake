# The admin page, Socket.IO's own client script and (but with SIGNALBOX_WEB=CLIENT) the demo page, embedded in the program;
# without Node (or with OFF) none.
set(web ${PROJECT_SOURCE_DIR}/web)
set(web_out ${PROJECT_BINARY_DIR}/web)
if(NOT SIGNALBOX_WEB STREQUAL "OFF")
  find_program(NPM npm)
  find_program(NODE NAMES node nodejs)
endif()

set(embed FALSE)
if(SIGNALBOX_WEB STREQUAL "OFF")
  message(STATUS "Without the demo page and the admin page: SIGNALBOX_WEB is OFF")
elseif(NPM AND NODE)
  set(embed TRUE)
elseif(NOT SIGNALBOX_WEB STREQUAL "AUTO")
  message(FATAL_ERROR "SIGNALBOX_WEB is ${SIGNALBOX_WEB}, but node or npm was not found: install them (apt-get install nodejs npm) or set it to AUTO")
else()
  message(STATUS "Without the demo page and the admin page: node or npm was not found")
endif()

# One entry of the table below, and the bytes behind it. `path` is where it is served.
set(assembly "")
set(demo_entries "")
set(admin_entries "")
set(client_entries "")
set(client_version "none")
set(embedded_bytes "")
macro(embed_file list path file)
  list(FIND embedded_bytes ${file} number)  # two pages may have the same file
  if(number EQUAL -1)
    list(LENGTH embedded_bytes number)
    list(APPEND embedded_bytes ${file})
    string(APPEND assembly "asm(\".pushsection .rodata\\n\"\n    \"sb_file_${number}: .incbin \\\"${file}\\\"\\n\"\n"
           "    \"sb_file_${number}_end: .byte 0\\n\"\n    \".popsection\");\n"
           "extern \"C\" const char sb_file_${number}[], sb_file_${number}_end[];\n")
  endif()
  string(APPEND ${list} "    {\"${path}\", sb_file_${number}, sb_file_${number}_end},\n")
endmacro()

if(embed)
  set(modules ${web}/node_modules/.package-lock.json)
  add_custom_command(OUTPUT ${modules} DEPENDS ${web}/package-lock.json WORKING_DIRECTORY ${web}
                     COMMAND ${NPM} ci --no-audit --no-fund --loglevel=error
                     COMMAND ${CMAKE_COMMAND} -E touch ${modules}
                     COMMENT "Fetching the pages' packages from npm" VERBATIM)
endif()

# build_page(WHAT FOLDER OUT FILES… SOURCES sources…): vite builds the page in FOLDER, which is made of sources, into OUT.
function(build_page what folder out)
  cmake_parse_arguments(PARSE_ARGV 3 page "" "" "FILES;SOURCES")
  list(TRANSFORM page_FILES PREPEND ${out}/)
  add_custom_command(OUTPUT ${page_FILES} DEPENDS ${modules} ${page_SOURCES} WORKING_DIRECTORY ${web}
                     COMMAND ${NPM} exec -- vite build ${folder} --outDir ${out} --emptyOutDir --logLevel error
                     COMMENT "Building the ${what} page" VERBATIM)
endfunction()

if(embed)
  set(shared ${web}/shared/react.js ${web}/shared/vite.config.js)
  set(react ${PROJECT_BINARY_DIR}/web-shared/assets/react.js)
  build_page(shared ${web}/shared ${PROJECT_BINARY_DIR}/web-shared FILES assets/react.js SOURCES ${shared})

  set(admin ${web}/admin)
  set(admin_out ${PROJECT_BINARY_DIR}/web-admin)
  file(GLOB admin_sources CONFIGURE_DEPENDS ${admin}/src/* ${admin}/public/assets/* ${admin}/index.html ${admin}/vite.config.js ${shared})
  build_page(admin ${admin} ${admin_out} FILES index.html assets/admin.js assets/admin.css assets/admin.svg SOURCES ${admin_sources})
  embed_file(admin_entries "/" ${admin_out}/index.html)
  foreach(file assets/admin.js assets/admin.css assets/admin.svg)
    embed_file(admin_entries "/${file}" ${admin_out}/${file})
  endforeach()
  embed_file(admin_entries "/assets/react.js" ${react})
endif()

if(embed AND NOT SIGNALBOX_WEB STREQUAL "CLIENT")
  file(GLOB page_sources CONFIGURE_DEPENDS ${web}/src/* ${web}/index.html ${web}/vite.config.js ${shared}
       ${PROJECT_SOURCE_DIR}/node/browser/*.js)
  build_page(demo ${web} ${web_out} FILES index.html assets/demo.js assets/demo.css SOURCES ${page_sources})
  embed_file(demo_entries "/" ${web_out}/index.html)
  embed_file(demo_entries "/assets/demo.js" ${web_out}/assets/demo.js)
  embed_file(demo_entries "/assets/demo.css" ${web_out}/assets/demo.css)
  embed_file(demo_entries "/assets/react.js" ${react})
endif()

if(embed)
  file(READ ${web}/package-lock.json lock)
  string(JSON client_version GET "${lock}" packages node_modules/socket.io-client version)
  set(scripts ${PROJECT_BINARY_DIR}/client)
  set(script_files "")
  foreach(name socket.io.js socket.io.min.js socket.io.esm.min.js socket.io.msgpack.min.js)
    foreach(file ${name} ${name}.map)
      add_custom_command(OUTPUT ${scripts}/${file} DEPENDS ${modules}
                         COMMAND ${CMAKE_COMMAND} -E copy ${web}/node_modules/socket.io-client/dist/${file} ${scripts}/${file} VERBATIM)
      embed_file(client_entries ${file} ${scripts}/${file})
    endforeach()
  endforeach()
endif()

configure_file(${PROJECT_SOURCE_DIR}/cmake/embedded_files.cpp.in ${PROJECT_BINARY_DIR}/generated/embedded_files.cpp @ONLY)
# On its own, or each change of a page would compile the whole room anew.
set_property(SOURCE ${PROJECT_BINARY_DIR}/generated/embedded_files.cpp PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
set_property(SOURCE ${PROJECT_BINARY_DIR}/generated/embedded_files.cpp APPEND PROPERTY OBJECT_DEPENDS "${embedded_bytes}")
# What is embedded is not in the preprocessed text, by which ccache would know that it changed.
target_sources(signalbox_server PRIVATE ${PROJECT_BINARY_DIR}/generated/embedded_files.cpp ${embedded_bytes})
