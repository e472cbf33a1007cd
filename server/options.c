/* SPDX-License-Identifier: MIT
 * options.c - reads the options of `tophash serve`.
 *
 * Guarantees   G1 a wrong option or value is refused with a sentence that names it and says what is
 *              allowed; nothing is guessed.
 */
#include "options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <tophash/base.h>

static const char help[] =
    "usage: tophash serve [options]\n"
    "A cache server on memcached's classic text protocol. It listens on the loopback addresses\n"
    "unless -l says otherwise; there is no UDP and no authentication.\n"
    "\n"
    "  -p, --port=NUM             TCP port (default 11211; 0: no TCP; -1: the system chooses)\n"
    "  -l, --listen=ADDR[,...]    addresses to listen on, each HOST, HOST:PORT or [IPV6]:PORT\n"
    "                             (default: 127.0.0.1, and ::1 if there is one)\n"
    "  -s, --unix-socket=PATH     UNIX socket to listen on; TCP then only with -l or -p\n"
    "  -a, --unix-mask=MODE       access mode of the UNIX socket, octal (default 700)\n"
    "  -U, --udp-port=0           accepted for compatibility; UDP is not offered\n"
    "  -m, --memory-limit=MB      memory for items and their index (default 64)\n"
    "  -I, --max-item-size=SIZE   largest item; k and m are understood (default 1m, at most a\n"
    "                             16th of -m)\n"
    "  -M, --disable-evictions    answer with an error when full instead of evicting\n"
    "  -c, --conn-limit=NUM       connections at the same time (default 1024)\n"
    "  -t, --threads=NUM          worker threads (default 4)\n"
    "  -R, --max-reqs-per-event=NUM\n"
    "                             commands of one connection before the others get their turn\n"
    "                             (default 256)\n"
    "  -b, --listen-backlog=NUM   connections that may wait to be accepted (default 1024)\n"
    "  -F, --disable-flush-all    refuse the command flush_all\n"
    "  -o, --extended=LIST        idle_timeout=SECONDS       close connections idle for longer\n"
    "                             read_buf_mem_limit=MB      memory for connections' buffers\n"
    "      --enable-debugtime     the command debugtime SECONDS moves the clock (for tests only)\n"
    "  -v, --verbose              say more; twice: every command\n"
    "  -h, --help                 this text\n"
    "  -V, --version              the version\n"
    "\n"
    "Stop it with SIGTERM or SIGINT. More: man tophash-serve\n";

enum { OPTION_DEBUGTIME = 256 };

static const uint64_t item_bytes_default = (uint64_t)1 << 20;

static const struct option long_options[] = {
    {"port", required_argument, NULL, 'p'},
    {"listen", required_argument, NULL, 'l'},
    {"unix-socket", required_argument, NULL, 's'},
    {"unix-mask", required_argument, NULL, 'a'},
    {"udp-port", required_argument, NULL, 'U'},
    {"memory-limit", required_argument, NULL, 'm'},
    {"max-item-size", required_argument, NULL, 'I'},
    {"disable-evictions", no_argument, NULL, 'M'},
    {"conn-limit", required_argument, NULL, 'c'},
    {"threads", required_argument, NULL, 't'},
    {"max-reqs-per-event", required_argument, NULL, 'R'},
    {"listen-backlog", required_argument, NULL, 'b'},
    {"disable-flush-all", no_argument, NULL, 'F'},
    {"extended", required_argument, NULL, 'o'},
    {"enable-debugtime", no_argument, NULL, OPTION_DEBUGTIME},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

void thi_options_defaults(struct thi_options *options)
{
    *options = (struct thi_options){.port = 11211,
                                    .unix_mode = 0700,
                                    .backlog = 1024,
                                    .memory_bytes = (uint64_t)64 << 20,
                                    .connections_max = 1024,
                                    .threads = 4,
                                    .requests_per_turn = 256};
}

/* One option as it is read. */
struct reading {
    struct thi_options *options;
    FILE *err;
};

static bool wrong(const struct reading *reading, const char *option, const char *value,
                  const char *allowed)
{
    fprintf(reading->err, "tophash serve: %s does not take '%s'; give %s.\n", option, value,
            allowed);
    return false;
}

static bool number_read(const char *text, int base, long long *number)
{
    char *end;
    if (*text == '\0' || *text == ' ') {
        return false;
    }
    *number = strtoll(text, &end, base);
    return *end == '\0';
}

static bool number_take(const struct reading *reading, const char *option, const char *value,
                        long long min, long long max, unsigned *number)
{
    long long given;
    if (!number_read(value, 10, &given) || given < min || given > max) {
        char allowed[64];
        snprintf(allowed, sizeof allowed, "a number from %lld to %lld", min, max);
        return wrong(reading, option, value, allowed);
    }
    *number = (unsigned)given;
    return true;
}

static bool port_take(const struct reading *reading, const char *option, const char *value,
                      int *port)
{
    long long given;
    if (!number_read(value, 10, &given) || given < TH_OPTION_PORT_ANY || given > 65535) {
        return wrong(reading, option, value,
                     "a port from 1 to 65535, 0 for no TCP, or -1 to let the system choose");
    }
    *port = (int)given;
    return true;
}

static bool size_take(const struct reading *reading, const char *value)
{
    char *end;
    long long given = strtoll(value, &end, 10);
    unsigned shift = 0;
    if (end != value && (*end == 'k' || *end == 'K' || *end == 'm' || *end == 'M')) {
        shift = *end == 'k' || *end == 'K' ? 10 : 20;
        end++;
    }
    if (end == value || *end != '\0' || given < 1 || given > (1024 << 20) >> shift ||
        (given << shift) < 1024) {
        return wrong(reading, "-I", value, "a size from 1k to 1024m, such as 512k or 2m");
    }
    reading->options->item_bytes_max = (uint64_t)given << shift;
    return true;
}

/* HOST, HOST:PORT, [IPV6] or [IPV6]:PORT; a bare IPv6 address has more than one colon. */
static bool address_take(const struct reading *reading, const char *text, size_t size)
{
    struct thi_options *options = reading->options;
    char copy[TH_OPTION_HOST_BYTES];
    if (size == 0 || size >= sizeof copy || options->listen_count == TH_OPTION_LISTENS_MAX) {
        return wrong(reading, "-l", text, "at most 16 addresses, each of at most 255 characters");
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    char *host = copy;
    char *port = strrchr(copy, ':');
    if (copy[0] == '[') {
        host++;
        char *close = strchr(host, ']');
        if (close == NULL || (close[1] != '\0' && close[1] != ':')) {
            return wrong(reading, "-l", copy, "an IPv6 address as [::1] or [::1]:11211");
        }
        *close = '\0';
        port = close[1] == ':' ? close + 1 : NULL;
    } else if (port != NULL && strchr(copy, ':') != port) {
        port = NULL;
    }
    struct thi_listen_address *address = &options->listens[options->listen_count];
    address->port = 0;
    if (port != NULL) {
        *port++ = '\0';
        if (!port_take(reading, "-l HOST:PORT", port, &address->port)) {
            return false;
        }
    }
    memcpy(address->host, host, strlen(host) + 1);
    options->listen_count++;
    return true;
}

static bool listen_take(const struct reading *reading, const char *value)
{
    for (;;) {
        size_t size = strcspn(value, ",");
        if (!address_take(reading, value, size)) {
            return false;
        }
        if (value[size] == '\0') {
            return true;
        }
        value += size + 1;
    }
}

static bool extended_take(const struct reading *reading, char *list)
{
    unsigned number;
    char *rest = NULL;
    for (char *item = strtok_r(list, ",", &rest); item != NULL; item = strtok_r(NULL, ",", &rest)) {
        if (strncmp(item, "idle_timeout=", 13) == 0) {
            if (!number_take(reading, "-o idle_timeout", item + 13, 0, 1 << 30,
                             &reading->options->idle_timeout_s)) {
                return false;
            }
        } else if (strncmp(item, "read_buf_mem_limit=", 19) == 0) {
            if (!number_take(reading, "-o read_buf_mem_limit", item + 19, 0, 1 << 20, &number)) {
                return false;
            }
            reading->options->buffers_bytes_max = (uint64_t)number << 20;
        } else if (strcmp(item, "maxconns_fast") != 0) { /* that is how it is here */
            return wrong(reading, "-o", item,
                         "idle_timeout=SECONDS or read_buf_mem_limit=MB, parted by commas");
        }
    }
    return true;
}

static bool unix_take(const struct reading *reading, int option, const char *value)
{
    struct thi_options *options = reading->options;
    if (option == 's') {
        if (*value == '\0' || strlen(value) >= sizeof options->unix_path) {
            return wrong(reading, "-s", value, "a path of at most 107 characters");
        }
        memcpy(options->unix_path, value, strlen(value) + 1);
        return true;
    }
    long long mode;
    if (!number_read(value, 8, &mode) || mode < 0 || mode > 0777) {
        return wrong(reading, "-a", value, "an octal access mode up to 777, such as 770");
    }
    options->unix_mode = (unsigned)mode;
    return true;
}

static bool sizes_take(const struct reading *reading, int option, const char *value)
{
    struct thi_options *options = reading->options;
    unsigned number = 0;
    switch (option) {
    case 'm':
        if (!number_take(reading, "-m", value, 1, 1 << 24, &number)) {
            return false;
        }
        options->memory_bytes = (uint64_t)number << 20;
        return true;
    case 'c': return number_take(reading, "-c", value, 1, 1 << 24, &options->connections_max);
    case 't': return number_take(reading, "-t", value, 1, 256, &options->threads);
    case 'R': return number_take(reading, "-R", value, 1, 1 << 30, &options->requests_per_turn);
    case 'b':
        if (!number_take(reading, "-b", value, 1, 1 << 20, &number)) {
            return false;
        }
        options->backlog = (int)number;
        return true;
    default:
        if (strcmp(value, "0") != 0) {
            fprintf(reading->err,
                    "tophash serve: -U %s: UDP is not offered, since a cache that answers on it "
                    "can be made to flood others. Leave -U out, or give -U 0.\n",
                    value);
            return false;
        }
        return true;
    }
}

static bool option_take(const struct reading *reading, int option, char *value)
{
    struct thi_options *options = reading->options;
    switch (option) {
    case 'p': options->port_given = true; return port_take(reading, "-p", value, &options->port);
    case 'l': return listen_take(reading, value);
    case 's':
    case 'a': return unix_take(reading, option, value);
    case 'I': return size_take(reading, value);
    case 'o': return extended_take(reading, value);
    case 'M': options->no_eviction = true; return true;
    case 'F': options->no_flush_all = true; return true;
    case 'v': options->verbosity++; return true;
    case OPTION_DEBUGTIME: options->debugtime = true; return true;
    default: return sizes_take(reading, option, value);
    }
}

/* The largest item for a cache of this size: the greatest power of two of which it holds 16. */
static uint64_t item_bytes_fitting(uint64_t memory_bytes)
{
    uint64_t item_bytes = 1024;
    while (item_bytes * 2 * 16 <= memory_bytes) {
        item_bytes *= 2;
    }
    return item_bytes;
}

/* What can only be judged when all options are read. */
static bool options_agree(const struct reading *reading)
{
    struct thi_options *options = reading->options;
    uint64_t fitting_bytes = item_bytes_fitting(options->memory_bytes);
    if (options->item_bytes_max == 0) {
        options->item_bytes_max =
            fitting_bytes < item_bytes_default ? fitting_bytes : item_bytes_default;
    }
    if (options->item_bytes_max > fitting_bytes) {
        fprintf(reading->err,
                "tophash serve: with %llu MB of memory (-m) items can have up to %lluk; give more "
                "memory, or a smaller size with -I.\n",
                (unsigned long long)(options->memory_bytes >> 20),
                (unsigned long long)(fitting_bytes >> 10));
        return false;
    }
    for (size_t i = 0; i < options->listen_count; i++) {
        if (options->listens[i].port == 0) {
            options->listens[i].port = options->port;
        }
    }
    return true;
}

enum thi_options_result thi_options_read(struct thi_options *options, int argc, char **argv,
                                         FILE *out, FILE *err)
{
    struct reading reading = {.options = options, .err = err};
    thi_options_defaults(options);
    optind = 1;
    opterr = 0;
    int option;
    while ((option = getopt_long(argc, argv, ":p:l:s:a:U:m:I:Mc:t:R:b:Fo:vhV", long_options,
                                 NULL)) != -1) {
        switch (option) {
        case 'h': fputs(help, out); return TH_OPTIONS_DONE;
        case 'V': fprintf(out, "tophash %s\n", th_version()); return TH_OPTIONS_DONE;
        case ':':
            fprintf(err, "tophash serve: %s needs a value; see tophash serve -h.\n",
                    argv[optind - 1]);
            return TH_OPTIONS_WRONG;
        case '?':
            fprintf(err, "tophash serve: no option '%s'; tophash serve -h lists them.\n",
                    argv[optind - 1]);
            return TH_OPTIONS_WRONG;
        default: break;
        }
        if (!option_take(&reading, option, optarg)) {
            return TH_OPTIONS_WRONG;
        }
    }
    if (optind < argc) {
        fprintf(err, "tophash serve: '%s' is no option; tophash serve -h lists them.\n",
                argv[optind]);
        return TH_OPTIONS_WRONG;
    }
    return options_agree(&reading) ? TH_OPTIONS_RUN : TH_OPTIONS_WRONG;
}
