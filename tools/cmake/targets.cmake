# netherd_add_library(NAME SOURCES... PUBLIC_LINKS... PRIVATE_LINKS...): one static library for one folder, with its
# public headers under include/ and its sources under src/. Linking only downwards is what keeps the layers apart: a
# header of a higher layer is not on the include path of a lower one.
add_library(netherd_warnings INTERFACE)
target_compile_options(netherd_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  # g++ 12 sees overruns in std::string's operator+ that are not there (GCC bugs 105329, 105651; mended in 13).
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-array-bounds$<SEMICOLON>-Wno-restrict>
  $<$<BOOL:${NETHERD_WARNINGS_AS_ERRORS}>:-Werror>)

# netherd_precompile(TARGET [HEADER...]): makes compilation faster. A target shares the precompiled header that
# netherd_engine makes, and so has to link netherd::engine; one that names more headers gets one of its own, which
# netherd_share_precompiled(TARGET OWNER) lets another use.
set(netherd_precompiled_header ${CMAKE_CURRENT_LIST_DIR}/precompiled.hpp)
function(netherd_precompile target)
  if(NOT NETHERD_PRECOMPILED_HEADER)
    return()
  endif()
  if(target STREQUAL netherd_engine OR ARGN)
    target_precompile_headers(${target} PRIVATE ${netherd_precompiled_header} ${ARGN})
  else()
    target_precompile_headers(${target} REUSE_FROM netherd_engine)
  endif()
endfunction()

function(netherd_share_precompiled target owner)
  if(NETHERD_PRECOMPILED_HEADER)
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# netherd_compile_alone(FILE...): where several sources are compiled as one (CMAKE_UNITY_BUILD), these are not, because
# names in their unnamed namespaces are also those of others.
function(netherd_compile_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

function(netherd_add_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC_LINKS;PRIVATE_LINKS" ${ARGN})
  add_library(netherd_${name} STATIC ${arg_SOURCES})
  add_library(netherd::${name} ALIAS netherd_${name})
  set_target_properties(netherd_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(netherd_${name} PUBLIC cxx_std_20)
  target_include_directories(netherd_${name} PUBLIC
    $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(netherd_${name} PUBLIC ${arg_PUBLIC_LINKS} PRIVATE ${arg_PRIVATE_LINKS}
    $<BUILD_INTERFACE:netherd_warnings>)
  netherd_precompile(netherd_${name})
  set_property(GLOBAL APPEND PROPERTY NETHERD_LIBRARIES ${name})
  set_property(GLOBAL APPEND PROPERTY NETHERD_INCLUDE_FOLDERS ${CMAKE_CURRENT_SOURCE_DIR}/include)
endfunction()
