// SPDX-License-Identifier: Apache-2.0
#ifndef CPOSTGRESQL_H
#define CPOSTGRESQL_H

#include <libpq-fe.h>

#endif
