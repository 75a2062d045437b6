# What `cmake --install` puts in place: libraries, headers, the CMake package and netherd.pc. tests/consumer uses both.
include(CMakePackageConfigHelpers)

get_property(netherd_libraries GLOBAL PROPERTY NETHERD_LIBRARIES)
get_property(netherd_include_folders GLOBAL PROPERTY NETHERD_INCLUDE_FOLDERS)
set(netherd_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/netherd)

list(TRANSFORM netherd_libraries PREPEND netherd_ OUTPUT_VARIABLE netherd_targets)
install(TARGETS ${netherd_targets} EXPORT netherdTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
foreach(folder ${netherd_include_folders})
  install(DIRECTORY ${folder}/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endforeach()

install(EXPORT netherdTargets NAMESPACE netherd:: DESTINATION ${netherd_package_folder})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/netherdConfig.cmake.in netherdConfig.cmake
  INSTALL_DESTINATION ${netherd_package_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(netherdConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/netherdConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/netherdConfigVersion.cmake
  DESTINATION ${netherd_package_folder})

# Highest layer first, as a linker wants static archives.
set(netherd_link_flags "${netherd_libraries}")
list(REVERSE netherd_link_flags)
list(TRANSFORM netherd_link_flags PREPEND "-lnetherd_")
list(JOIN netherd_link_flags " " netherd_link_flags)
file(RELATIVE_PATH netherd_pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${CMAKE_CURRENT_LIST_DIR}/netherd.pc.in netherd.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/netherd.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
