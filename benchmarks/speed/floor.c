/* What is left of a request where a module does nothing of its own: the least that NR.RUN and NR.OBSERVE can cost.
 *
 * FLOOR.RUN opens its key, looks at its arguments and answers two texts. FLOOR.OBSERVE does so and answers two integers; and as
 * whoever changes a value must, it has the change counted, and watchers and subscribers told.
 */

#include <stddef.h>

typedef struct Context Context;
typedef struct String String;
typedef struct Key Key;
typedef int (*Command)(Context *, String **, int);

static int (*SetModuleAttribs)(Context *, const char *, int, int);
static int (*CreateCommand)(Context *, const char *, Command, const char *, int, int, int);
static Key *(*OpenKey)(Context *, String *, int);
static void (*CloseKey)(Key *);
static const char *(*StringPtrLen)(const String *, size_t *);
static int (*ReplicateVerbatim)(Context *);
static int (*SignalModifiedKey)(Context *, String *);
static int (*NotifyKeyspaceEvent)(Context *, int, const char *, String *);
static int (*ReplyWithArray)(Context *, long);
static int (*ReplyWithLongLong)(Context *, long long);
static int (*ReplyWithStringBuffer)(Context *, const char *, size_t);

enum { READ = 1, MODULE_EVENT = 1 << 13 };

static size_t look(Context *ctx, String **argv, int argc) {
    size_t length, sum = 0;
    for (int at = 0; at < argc; at++) {
        StringPtrLen(argv[at], &length);
        sum += length;
    }
    Key *key = OpenKey(ctx, argv[1], READ);
    if (key) CloseKey(key);
    return sum;
}

static int run(Context *ctx, String **argv, int argc) {
    look(ctx, argv, argc);
    ReplyWithArray(ctx, 2);
    ReplyWithStringBuffer(ctx, "0.47372892", 10);
    return ReplyWithStringBuffer(ctx, "0.5262711", 9);
}

static int observe(Context *ctx, String **argv, int argc) {
    look(ctx, argv, argc);
    ReplicateVerbatim(ctx);
    SignalModifiedKey(ctx, argv[1]);
    NotifyKeyspaceEvent(ctx, MODULE_EVENT, "floor.observe", argv[1]);
    ReplyWithArray(ctx, 2);
    ReplyWithLongLong(ctx, 1000);
    return ReplyWithLongLong(ctx, 10);
}

int RedisModule_OnLoad(Context *ctx) {
    /* A context begins with a pointer to the function that finds all others by their names. */
    int (*find)(const char *, void *) = ((int (**)(const char *, void *))ctx)[0];
#define FIND(name) find("RedisModule_" #name, (void *)&name)
    if (FIND(SetModuleAttribs) || FIND(CreateCommand) || FIND(OpenKey) || FIND(CloseKey) || FIND(StringPtrLen) ||
        FIND(ReplicateVerbatim) || FIND(SignalModifiedKey) || FIND(NotifyKeyspaceEvent) || FIND(ReplyWithArray) ||
        FIND(ReplyWithLongLong) || FIND(ReplyWithStringBuffer))
        return 1;
    SetModuleAttribs(ctx, "floor", 1, 1);
    return CreateCommand(ctx, "floor.run", run, "readonly", 1, 1, 1) ||
           CreateCommand(ctx, "floor.observe", observe, "write deny-oom", 1, 1, 1);
}
