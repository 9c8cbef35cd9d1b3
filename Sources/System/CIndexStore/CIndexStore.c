// SPDX-License-Identifier: Apache-2.0
#include "CIndexStore.h"

#include <dlfcn.h>

const char *indexstore_load(const char *path, indexstore_functions *functions) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();

#define LOAD(field, symbol)                                        \
  do {                                                             \
    *(void **)&functions->field = dlsym(library, "indexstore_" symbol); \
    if (!functions->field) return symbol;                          \
  } while (0)

  LOAD(error_get_description, "error_get_description");
  LOAD(store_create, "store_create");
  LOAD(store_dispose, "store_dispose");
  LOAD(store_units_apply, "store_units_apply_f");
  LOAD(store_get_unit_modification_time, "store_get_unit_modification_time");
  LOAD(unit_reader_create, "unit_reader_create");
  LOAD(unit_reader_dispose, "unit_reader_dispose");
  LOAD(unit_reader_is_system_unit, "unit_reader_is_system_unit");
  LOAD(unit_reader_get_module_name, "unit_reader_get_module_name");
  LOAD(unit_reader_dependencies_apply, "unit_reader_dependencies_apply_f");
  LOAD(unit_dependency_get_kind, "unit_dependency_get_kind");
  LOAD(unit_dependency_get_name, "unit_dependency_get_name");
  LOAD(unit_dependency_get_filepath, "unit_dependency_get_filepath");
  LOAD(record_reader_create, "record_reader_create");
  LOAD(record_reader_dispose, "record_reader_dispose");
  LOAD(record_reader_occurrences_apply, "record_reader_occurrences_apply_f");
  LOAD(occurrence_get_symbol, "occurrence_get_symbol");
  LOAD(occurrence_get_roles, "occurrence_get_roles");
  LOAD(occurrence_get_line_col, "occurrence_get_line_col");
  LOAD(occurrence_relations_apply, "occurrence_relations_apply_f");
  LOAD(symbol_relation_get_roles, "symbol_relation_get_roles");
  LOAD(symbol_relation_get_symbol, "symbol_relation_get_symbol");
  LOAD(symbol_get_kind, "symbol_get_kind");
  LOAD(symbol_get_subkind, "symbol_get_subkind");
  LOAD(symbol_get_name, "symbol_get_name");
  LOAD(symbol_get_usr, "symbol_get_usr");
#undef LOAD
  return 0;
}
