# What tools/package packs: the program, and what a system wants beside it. None of it but the program is installed otherwise.
set(pages ${PROJECT_BINARY_DIR}/package)
file(MAKE_DIRECTORY ${pages})
set(changes ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
add_custom_command(OUTPUT ${pages}/signalbox.1.gz ${pages}/signalbox.bash ${pages}/changelog.gz DEPENDS signalbox_app ${changes} VERBATIM
                   COMMAND signalbox_app man > ${pages}/signalbox.1
                   COMMAND gzip --best --no-name --force --keep ${pages}/signalbox.1
                   COMMAND signalbox_app completion > ${pages}/signalbox.bash
                   COMMAND gzip --best --no-name --stdout ${changes} > ${pages}/changelog.gz
                   COMMENT "The manual page and bash's completion")
add_custom_target(signalbox_pages DEPENDS ${pages}/signalbox.1.gz ${pages}/signalbox.bash ${pages}/changelog.gz)

macro(pack)
  install(${ARGN} COMPONENT program EXCLUDE_FROM_ALL)
endmacro()
pack(FILES ${pages}/signalbox.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
pack(FILES ${pages}/signalbox.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME signalbox)
pack(FILES ${PROJECT_SOURCE_DIR}/examples/deploy/signalbox.service DESTINATION lib/systemd/system)
pack(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/signalbox RENAME copyright)
pack(FILES ${PROJECT_SOURCE_DIR}/THIRD-PARTY-NOTICES.md ${pages}/changelog.gz DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/signalbox)
# What messages and --help refer to as docs/….
file(GLOB documents CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.md ${PROJECT_SOURCE_DIR}/docs/*.yaml)
pack(FILES ${documents} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/signalbox/docs)
pack(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/images DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/signalbox/docs)

set(CPACK_PACKAGE_NAME signalbox)
set(CPACK_PACKAGE_CONTACT "The Signalbox maintainers <maintainers@signalbox.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Socket.IO server for job updates and presence")
set(CPACK_PACKAGE_DESCRIPTION "A job runs in a queue; the user's browser sees its progress and its\noutcome at once, and the application knows who is online. Clients are\nthe unmodified socket.io-client.")
set(CPACK_PACKAGE_FILE_NAME signalbox-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_COMPONENTS_ALL program)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_GENERATOR DEB)
if(SIGNALBOX_PORTABLE)
  set(CPACK_GENERATOR TGZ)
  set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
endif()
set(CPACK_STRIP_FILES ON)

set(packaging ${PROJECT_SOURCE_DIR}/packaging)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${packaging}/postinst ${packaging}/prerm ${packaging}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
