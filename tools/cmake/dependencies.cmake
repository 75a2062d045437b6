# Every library netherd links, in one place. The Debian packages that hold them are listed in tools/packages.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(fmt REQUIRED)
pkg_check_modules(mnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(uring REQUIRED IMPORTED_TARGET liburing>=2.3)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
find_package(pugixml REQUIRED)
find_package(nlohmann_json REQUIRED)

# What takes time when a program starts is finding each symbol among all shared libraries, and the pages that are touched
# meanwhile. Debian has no static fmt.
set(netherd_fmt fmt::fmt)
if(NETHERD_STATIC_LIBRARIES)
  set(netherd_fmt fmt::fmt-header-only)
  set_property(TARGET PkgConfig::uring PROPERTY INTERFACE_LINK_LIBRARIES "-l:liburing.a")
  set_property(TARGET PkgConfig::yaml PROPERTY INTERFACE_LINK_LIBRARIES "-l:libyaml.a")
  set_property(TARGET pugixml::pugixml PROPERTY INTERFACE_LINK_LIBRARIES pugixml::static)
endif()
