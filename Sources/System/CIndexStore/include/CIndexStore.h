// SPDX-License-Identifier: Apache-2.0
#ifndef STRANGLER_CINDEXSTORE_H
#define STRANGLER_CINDEXSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The part of libIndexStore's C interface that reading a store needs, as a table of functions. The
// library ships with the toolchain and is loaded at run time, so that nothing links against it.

typedef struct {
  const char *data;
  size_t length;
} indexstore_text;

typedef bool (*indexstore_text_visitor)(void *context, indexstore_text text);
typedef bool (*indexstore_object_visitor)(void *context, void *object);

typedef struct {
  const char *(*error_get_description)(void *error);
  void *(*store_create)(const char *path, void **error);
  void (*store_dispose)(void *store);
  bool (*store_units_apply)(void *store, unsigned sorted, void *context,
                            indexstore_text_visitor visitor);
  bool (*store_get_unit_modification_time)(void *store, const char *unit, int64_t *seconds,
                                           int64_t *nanoseconds, void **error);
  void *(*unit_reader_create)(void *store, const char *unit, void **error);
  void (*unit_reader_dispose)(void *reader);
  bool (*unit_reader_is_system_unit)(void *reader);
  indexstore_text (*unit_reader_get_module_name)(void *reader);
  bool (*unit_reader_dependencies_apply)(void *reader, void *context,
                                         indexstore_object_visitor visitor);
  int (*unit_dependency_get_kind)(void *dependency);
  indexstore_text (*unit_dependency_get_name)(void *dependency);
  indexstore_text (*unit_dependency_get_filepath)(void *dependency);
  void *(*record_reader_create)(void *store, const char *record, void **error);
  void (*record_reader_dispose)(void *reader);
  bool (*record_reader_occurrences_apply)(void *reader, void *context,
                                          indexstore_object_visitor visitor);
  void *(*occurrence_get_symbol)(void *occurrence);
  uint64_t (*occurrence_get_roles)(void *occurrence);
  void (*occurrence_get_line_col)(void *occurrence, unsigned *line, unsigned *column);
  bool (*occurrence_relations_apply)(void *occurrence, void *context,
                                     indexstore_object_visitor visitor);
  uint64_t (*symbol_relation_get_roles)(void *relation);
  void *(*symbol_relation_get_symbol)(void *relation);
  int (*symbol_get_kind)(void *symbol);
  int (*symbol_get_subkind)(void *symbol);
  indexstore_text (*symbol_get_name)(void *symbol);
  indexstore_text (*symbol_get_usr)(void *symbol);
} indexstore_functions;

// Loads the library at `path` and fills `functions`. Returns NULL, or what went wrong: the loader's
// message or the name of a function that the library lacks. The text is valid until the next call.
const char *indexstore_load(const char *path, indexstore_functions *functions);

#endif
