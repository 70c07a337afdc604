# The library that users link: every room in one archive, with include/signalbox as its only headers.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(rooms GLOBAL PROPERTY SIGNALBOX_ROOMS)
set(objects "")
foreach(room ${rooms})
  list(APPEND objects $<TARGET_OBJECTS:${room}>)
endforeach()
add_library(signalbox STATIC ${objects})
add_library(signalbox::signalbox ALIAS signalbox)
set_target_properties(signalbox PROPERTIES LINKER_LANGUAGE CXX)
target_compile_features(signalbox PUBLIC cxx_std_23)
target_include_directories(signalbox INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
configure_file(${PROJECT_SOURCE_DIR}/cmake/version.hpp.in ${PROJECT_BINARY_DIR}/include/signalbox/version.hpp @ONLY)
target_link_libraries(signalbox PUBLIC nlohmann_json::nlohmann_json
                      PRIVATE fmt::fmt spdlog::spdlog simdjson::simdjson OpenSSL::SSL OpenSSL::Crypto SQLite::SQLite3 hiredis::hiredis prometheus-cpp::core Threads::Threads)

if(NOT SIGNALBOX_INSTALL)
  return()
endif()
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/signalbox)
install(TARGETS signalbox EXPORT signalbox ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/signalbox ${PROJECT_BINARY_DIR}/include/signalbox DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT signalbox NAMESPACE signalbox:: FILE signalboxTargets.cmake DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/signalboxConfig.cmake.in ${PROJECT_BINARY_DIR}/package/signalboxConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/signalboxConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/signalboxConfig.cmake ${PROJECT_BINARY_DIR}/package/signalboxConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/hiredis.cmake ${PROJECT_SOURCE_DIR}/cmake/prometheus.cmake
        DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/THIRD-PARTY-NOTICES.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
