#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Each operation has to be rounded once, to its own type. */
#ifdef __FAST_MATH__
#error "compile without -ffast-math"
#endif
#if FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 && !defined(NET_ANY_PRECISION)
#error "float is computed in another precision; on x86 use -msse2 -mfpmath=sse (or define NET_ANY_PRECISION)"
#endif

#ifndef NET_FMA
#ifdef NET_FMA_IN_DOUBLES
/* a * b + c, rounded once, where fmaf is slow or not exact: the sum is rounded to odd first (Boldo, Melquiond 2008). */
static float fma_in_doubles(float a, float b, float c) {
    const volatile double p = (double)a * (double)b, s = p + (double)c, t = s - p, left = s - t;
    const volatile double lost_p = p - left, lost_c = (double)c - t, e = lost_p + lost_c;
    double odd = s;
    uint64_t bits;
    memcpy(&bits, &odd, sizeof bits);
    if ((e > 0.0 || e < 0.0) && e - e == 0.0 && !(bits & 1u)) {
        bits = (e > 0.0) == (s > 0.0) ? bits + 1u : bits - 1u;
        memcpy(&odd, &bits, sizeof odd);
    }
    return (float)odd;
}
#define NET_FMA(a, b, c) fma_in_doubles(a, b, c)
#else
#define NET_FMA(a, b, c) fmaf(a, b, c)
#endif
#endif

@DATA@

//if product
/* A product that is rounded before it is added, even if the compiler contracts expressions. */
static float product(float a, float b) {
    const volatile float p = a * b;
    return p;
}

//end
static float clamp(float x, float low, float high) {
    const float above = x > low ? x : low;
    return above < high ? above : high;
}

//if exp
static float exponential(float x) {
    static const float P[] = {0.008368745f, 0.04166839f, 0.16666521f, 0.49999994f};
    float shifted, n, r, p = 0.001381454f, y, power;
    uint32_t bits;
    int i;
    x = clamp(x, -87.3f, 88.3f);
    shifted = NET_FMA(x, 1.44269504f, 12583039.0f);
    n = shifted - 12583039.0f;
    r = NET_FMA(n, -0.6933594f, x);
    r = NET_FMA(n, 2.1219444e-4f, r);
    for (i = 0; i < 4; i++) p = NET_FMA(p, r, P[i]);
    y = 1.0f + NET_FMA(r * r, p, r);
    memcpy(&bits, &shifted, sizeof bits);
    bits <<= 23;
    memcpy(&power, &bits, sizeof power);
    return y * power;
}

//end
//if sigmoid
static float sigmoid(float x) {
    return 1.0f / (1.0f + exponential(0.0f - x));
}

//end
//if tanh
static float hyperbolic_tangent(float x) {
    static const float P[] = {0.020639086f, -0.053739715f, 0.13331442f, -0.3333328f};
    const float size = x > 0.0f - x ? x : 0.0f - x, square = x * x;
    float p = -0.0057049864f, y;
    int i;
    if (size > 0.625f) {
        y = 1.0f - 2.0f / (exponential(size + size) + 1.0f);
        return x > 0.0f ? y : 0.0f - y;
    }
    for (i = 0; i < 4; i++) p = NET_FMA(p, square, P[i]);
    return NET_FMA(square * x, p, x);
}

//end
static float activated(int activation, float x) {
    switch (activation) {
//if relu
    case RELU: return x > 0.0f ? x : 0.0f;
//end
//if hidden_tanh
    case TANH: return hyperbolic_tangent(x);
//end
//if hidden_sigmoid
    case SIGMOID: return sigmoid(x);
//end
    default: return x;
    }
}

/* Computes the weighted sums of a layer's units, of values and, if it takes any, of entries. */
static void sums_of(const struct layer *l, const float *values@ENTRIES@, float *to) {
    int k, u;
    for (u = 0; u < l->outputs; u++) to[u] = l->biases[u];
    for (k = 0; k < l->inputs; k++) {
        const float *const w = l->weights + (size_t)k * (size_t)l->outputs;
        for (u = 0; u < l->outputs; u++) to[u] = NET_FMA(w[u], values[k], to[u]);
    }
    for (u = 0; u < l->outputs; u++) to[u] = clamp(to[u], -UNIT_LIMIT, UNIT_LIMIT);
//if entries
    for (k = 0; entries && k < entries->count; k++) {
        const float *const w = l->weights + (size_t)entries->number[k] * (size_t)l->outputs;
        for (u = 0; u < l->outputs; u++) to[u] = NET_FMA(entries->value[k], w[u], to[u]);
    }
    for (u = 0; u < l->outputs; u++) to[u] = clamp(to[u], -UNIT_LIMIT, UNIT_LIMIT);
//end
}

/* Computes the outputs from computed and looked-up inputs. */
static void answer(float x[COMPUTED]@ENTRIES@, float outputs[ALL_OUTPUTS]) {
    float first[WIDEST], second[WIDEST], *values, *to;
    int member, layer, u;
//if scaled_inputs
    int k;
    for (k = 0; k < COMPUTED; k++) {
        const float centred = clamp(x[k] - input_mean[k], -FLT_MAX, FLT_MAX);
        x[k] = clamp(centred * input_scale[k], -INPUT_LIMIT, INPUT_LIMIT);
    }
//end
//if members
    for (u = 0; u < ALL_OUTPUTS; u++) outputs[u] = 0.0f;
//end
    for (member = 0; member < MEMBERS; member++) {
        values = x;
//if parts
        values += member * PART;
//end
        to = first;
        for (layer = 0; layer < LAYERS; layer++) {
            const struct layer *const l = &layers[member * LAYERS + layer];
//if entries
            sums_of(l, values, layer ? NULL : entries, to);
//end
//if positions
            sums_of(l, values, to);
//end
            for (u = 0; u < l->outputs; u++) to[u] = activated(l->activation, to[u]);
            values = to;
            to = to == first ? second : first;
        }
        for (u = 0; u < ALL_OUTPUTS; u++) {
//if members
            outputs[u] += product(values[u], 1.0f / (float)MEMBERS);
//end
//if one_member
            outputs[u] = values[u];
//end
        }
    }
//if softmax
    {
        float most = outputs[0], sum = 0.0f;
        for (u = 1; u < ALL_OUTPUTS; u++) most = most > outputs[u] ? most : outputs[u];
        for (u = 0; u < ALL_OUTPUTS; u++) {
            outputs[u] = exponential(outputs[u] - most);
            sum += outputs[u];
        }
        for (u = 0; u < ALL_OUTPUTS; u++) outputs[u] /= sum;
    }
//end
//if two_class
    {
        const float apart = outputs[1] - outputs[0];
        outputs[0] = sigmoid(-apart);
        outputs[1] = sigmoid(apart);
    }
//end
//if head_sigmoid
    for (u = 0; u < ALL_OUTPUTS; u++) outputs[u] = sigmoid(outputs[u]);
//end
//if scaled_outputs
    for (u = 0; u < ALL_OUTPUTS; u++) {
        const float scale = output_scale[u], mean = output_mean[u];
        outputs[u] = scale > 0.0f || scale < 0.0f ? clamp(outputs[u] / scale + mean, -FLT_MAX, FLT_MAX) : mean;
    }
//end
}

//if classifier
static int class_of(const float outputs[NET_OUTPUTS]) {
//if threshold
    return outputs[1] >= THRESHOLD;
//end
//if no_threshold
    int best = 0, u;
    for (u = 1; u < NET_OUTPUTS; u++) best = outputs[u] > outputs[best] ? u : best;
    return best;
//end
}

//end
//if positions
int net_run(const float inputs[NET_INPUTS], float outputs[NET_OUTPUTS]) {
    float x[COMPUTED];
    int k;
    for (k = 0; k < COMPUTED; k++) {
        if (!(inputs[k] - inputs[k] == 0.0f)) return -1 - k;
        x[k] = inputs[k];
    }
    answer(x, outputs);
    return 0;
}

//if classifier
int net_classify(const float inputs[NET_INPUTS]) {
    float outputs[NET_OUTPUTS];
    const int failed = net_run(inputs, outputs);
    return failed ? failed : class_of(outputs);
}

//end
//end
//if fields
//if nothing
static int take_nothing(float *cells, int count) {
    int i;
    for (i = 0; i < count; i++) cells[i] = NAN;
    return 1;
}

//end
//if numbers
static int take_number(float number, float *cell) {
    *cell = number;
    return number != number || number - number == 0.0f;
}

//end
//if words
/* 0 is a missing value, 1 an unknown word, 2 the first word. */
static int code_of(const char *word, size_t length, const struct words *words) {
    int i;
    for (i = 0; i < words->count; i++) {
        if (strlen(words->words[i]) == length && memcmp(words->words[i], word, length) == 0) return 2 + i;
    }
    return 1;
}

//end
//if word
static int take_word(const char *word, const struct words *words, float *cell) {
    const size_t length = word ? strlen(word) : 0;
    *cell = length ? (float)code_of(word, length, words) : 0.0f;
    return length <= 64;
}

//end
//if flag
static int take_flag(int flag, float *cell) {
    *cell = flag < 0 ? NAN : (float)flag;
    return flag <= 1;
}

//end
//if time
static int take_time(double seconds, float cells[2]) {
    double days;
    if (seconds != seconds) return take_nothing(cells, 2);
    if (fabs(seconds) >= 1e11) seconds /= 1000.0;
    if (!(seconds >= -62167219200.0 && seconds < 253402300800.0)) return 0;
    days = floor(seconds / 86400.0);
    cells[0] = (float)days;
    cells[1] = (float)(seconds - days * 86400.0);
    return 1;
}

static void circle(double turns, float to[2]) {
    const double turn = turns - floor(turns), quarter = round(turn * 4.0);
    const volatile double x = (turn - quarter / 4.0) * 6.283185307179586;
    const volatile double square = x * x;
    double found[2];
    int i, step;
    for (i = 0; i < 2; i++) {
        volatile double term = i ? 1.0 : x;
        double sum = term;
        for (step = 0; step < 8; step++) {
            const double at = (i ? 1.0 : 2.0) + 2.0 * step;
            term = term * (-square / (at * (at + 1.0)));
            sum += term;
        }
        found[i] = sum;
    }
    switch ((int)quarter % 4) {
    case 0: to[0] = (float)found[0]; to[1] = (float)found[1]; break;
    case 1: to[0] = (float)found[1]; to[1] = (float)-found[0]; break;
    case 2: to[0] = (float)-found[0]; to[1] = (float)-found[1]; break;
    default: to[0] = (float)-found[1]; to[1] = (float)found[0]; break;
    }
}

static void moment(const float cells[2], float to[7]) {
    const double days = (double)cells[0], years = (days - 10957.0) / 365.2425;
    circle((double)cells[1] / 86400.0, to);
    circle((days - 10959.0) / 7.0, to + 2);
    circle(years, to + 4);
    to[6] = (float)years;
}

//end
//if vector
static int take_vector(const float *numbers, int length, float *cells) {
    int i;
    if (numbers[0] != numbers[0]) return take_nothing(cells, length);
    for (i = 0; i < length; i++) {
        if (!(numbers[i] - numbers[i] == 0.0f)) return 0;
        cells[i] = numbers[i];
    }
    return 1;
}

//end
//if tags
static int is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* Cells are 1 or 0: whether there are any tags, whether there are unknown ones, and one cell for each known word. */
static int take_tags(const char *tags, const struct words *words, float *cells) {
    int i;
    for (i = 0; i < words->count + 2; i++) cells[i] = 0.0f;
    if (!tags) return 1;
    for (;;) {
        size_t length = strcspn(tags, ",");
        const char *word = tags, *const end = tags + length;
        while (length && is_space(*word)) word++, length--;
        while (length && is_space(word[length - 1])) length--;
        if (length > 64) return 0;
        if (length) cells[code_of(word, length, words)] = cells[0] = 1.0f;
        if (!*end) return 1;
        tags = end + 1;
    }
}

//end
//if text
static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* Whether a word continues at a character: Unicode Standard Annex 29, for ASCII. */
static int goes_on(const char *at, const char *from) {
    const char c = *at;
    if (is_letter(c) || is_digit(c) || c == '_') return 1;
    if (at == from || !c) return 0;
    if (is_digit(at[-1]) && is_digit(at[1])) return c == '.' || c == ',' || c == ';' || c == '\'';
    if (is_letter(at[-1]) && is_letter(at[1])) return c == '.' || c == ':' || c == '\'';
    return 0;
}

/* The bucket of a hash: the upper 64 bits of the product of the mixed hash and the number of buckets. */
static int bucket(uint64_t hash, int buckets) {
    const uint64_t mixed = (hash ^ (hash >> 32)) * UINT64_C(0x9e3779b97f4a7c15), count = (uint64_t)buckets;
    return (int)(((mixed >> 32) * count + (((mixed & UINT64_C(0xffffffff)) * count) >> 32)) >> 32);
}

static float logarithm(float x) {
    static const float P[] = {0.1276158f, -0.13160183f, 0.14201757f, -0.16623357f, 0.20001227f, -0.2500082f, 0.3333333f};
    float p = -0.07634501f, m, square, tail, y, e;
    int32_t bits, power;
    int i;
    memcpy(&bits, &x, sizeof bits);
    power = bits - INT32_C(0x3f3504f3);
    power = power < 0 ? -1 - ((-1 - power) >> 23) : power >> 23;
    bits -= power * INT32_C(0x800000);
    memcpy(&m, &bits, sizeof m);
    m -= 1.0f;
    e = (float)power;
    for (i = 0; i < 7; i++) p = NET_FMA(p, m, P[i]);
    square = m * m;
    tail = NET_FMA(square * m, p, square * -0.5f);
    y = NET_FMA(e, -2.1219444e-4f, tail);
    return NET_FMA(e, 0.6933594f, y + m);
}

/* The first cell is whether there are words, the others are the values of buckets. */
static int take_text(const char *text, int buckets, float *cells) {
    const uint64_t prime = UINT64_C(0x100000001b3);
    const int words = (buckets + 1) / 2, pairs = buckets / 2;
    const char *at = text;
    uint64_t before = 0;
    double squares = 0.0;
    int i, has_before = 0;
    for (i = 0; i < buckets + 1; i++) cells[i] = 0.0f;
    while (at && *at) {
        const char *const from = at;
        uint64_t hash = UINT64_C(0xcbf29ce484222325), pair;
        int is_word = 0;
        if ((unsigned char)*at >= 0x80u) return 0;
        if (!goes_on(at, at)) {
            at++;
            continue;
        }
        for (; goes_on(at, from); at++) {
            const char c = *at >= 'A' && *at <= 'Z' ? (char)(*at + ('a' - 'A')) : *at;
            is_word = is_word || *at != '_';
            hash = (hash ^ (uint64_t)(unsigned char)c) * prime;
        }
        if (!is_word) continue;
        cells[1 + bucket(hash, words)] += 1.0f;
        if (has_before && pairs) {
            pair = before;
            for (i = 0; i < 8; i++) pair = (pair ^ ((hash >> (8 * i)) & 0xffu)) * prime;
            cells[1 + words + bucket(pair, pairs)] += 1.0f;
        }
        before = hash;
        has_before = 1;
    }
    for (i = 1; i < buckets + 1; i++) {
        if (cells[i] > 0.0f) {
            volatile double square;
            cells[i] = logarithm(1.0f + cells[i]);
            square = (double)cells[i] * (double)cells[i];
            squares += square;
        }
    }
    cells[0] = has_before ? 1.0f : 0.0f;
    for (i = 1; has_before && i < buckets + 1; i++) cells[i] = (float)((double)cells[i] / sqrt(squares));
    return 1;
}

//end
//if place
static float place(const struct field *field, float number) {
    const float *const k = field->knots;
    int p = 1;
    if (!field->knot_count) return 0.0f;
    while (p < field->knot_count - 1 && k[p] <= number) p++;
    return (float)(p - 1) + clamp((number - k[p - 1]) / (k[p] - k[p - 1]), 0.0f, 1.0f);
}

//end
//if entries
static void enter(struct entries *entries, uint32_t number, float value) {
    entries->number[entries->count] = number;
    entries->value[entries->count++] = value;
}

//end
//if codes
static uint32_t input_of(const struct field *field, int code, uint32_t inputs) {
    const uint32_t number = code < 2 ? field->gap + (uint32_t)code : field->numbers[code - 2];
    return number < inputs ? number : field->gap + 1u;
}

//end
/* Sets computed inputs and entries of fields: with lists 0 of all but texts and tags, with lists 1 of these. */
static void encode(const struct field *field, int count, const float *cells, uint32_t inputs, int lists, float *x,
                   struct entries *entries) {
    int i, j;
//if no_codes
    (void)inputs;
//end
    for (i = 0; i < count; i++, cells += field->cells, field++) {
        if ((field->kind == TEXT || field->kind == TAGS) != lists) continue;
        switch (field->kind) {
//if category
        case CATEGORY: enter(entries, input_of(field, (int)cells[0], inputs), 1.0f); break;
//end
//if auto
        case AUTO:
            x[field->computed] = cells[0];
            x[field->computed + 1] = cells[0] != cells[0] ? NAN : place(field, cells[0]);
            if (cells[0] != cells[0]) enter(entries, input_of(field, (int)cells[1], inputs), 1.0f);
            break;
//end
//if text
        case TEXT:
            if (!(cells[0] > 0.0f)) enter(entries, field->gap, 1.0f);
            for (j = 1; cells[0] > 0.0f && j < field->cells; j++) {
                if (cells[j] > 0.0f) enter(entries, field->gap + (uint32_t)j, cells[j]);
            }
            break;
//end
//if tags
        case TAGS:
            if (!(cells[0] > 0.0f)) enter(entries, field->gap, 1.0f);
            for (j = 1; cells[0] > 0.0f && j < field->cells; j++) {
                if (cells[j] > 0.0f) enter(entries, input_of(field, j, inputs), 1.0f);
            }
            break;
//end
        default:
            if (cells[0] != cells[0]) enter(entries, field->gap, 1.0f);
            for (j = 0; j < (field->kind == TIME ? 7 : field->kind == NUMBER ? 2 : field->cells); j++) {
                x[field->computed + j] = cells[0] != cells[0] ? NAN : cells[j < field->cells ? j : 0];
            }
//if time
            if (field->kind == TIME && cells[0] == cells[0]) moment(cells, x + field->computed);
//end
//if number
            if (field->kind == NUMBER && cells[0] == cells[0]) x[field->computed + 1] = place(field, cells[0]);
//end
        }
    }
}

static void answer_fields(float x[COMPUTED], struct entries *entries, float outputs[NET_OUTPUTS]) {
    float all[ALL_OUTPUTS];
    int k;
    for (k = 0; k < COMPUTED; k++) {
//if scaled_inputs
        if (x[k] != x[k]) x[k] = input_mean[k];
//end
//if raw_inputs
        if (x[k] != x[k]) x[k] = 0.0f;
//end
    }
    answer(x, entries, all);
    for (k = 0; k < NET_OUTPUTS; k++) outputs[k] = all[k];
}

//end
//if rows
@UNDERSTAND@

int net_run(const struct net_row *row, float outputs[NET_OUTPUTS]) {
    float cells[CELLS], x[COMPUTED];
    struct entries entries;
    const int failed = understand(row, cells);
    if (failed) return failed;
    entries.count = 0;
    x[0] = 0.0f;
    encode(fields, FIELDS, cells, INPUTS, 0, x, &entries);
    encode(fields, FIELDS, cells, INPUTS, 1, x, &entries);
    answer_fields(x, &entries, outputs);
    return 0;
}

//if classifier
int net_classify(const struct net_row *row) {
    float outputs[NET_OUTPUTS];
    const int failed = net_run(row, outputs);
    return failed ? failed : class_of(outputs);
}

//end
//end
//if sequence
@UNDERSTAND@

//if reservoir
static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Adds an input times its weights, which are computed from the seed. */
static void add_input(uint32_t input, float value, float sums[UNITS]) {
    uint64_t state = mix(SEED ^ mix((uint64_t)input + UINT64_C(0x9e3779b97f4a7c15)));
    int u;
    for (u = 0; u < UNITS; u++) {
        state += UINT64_C(0x9e3779b97f4a7c15);
        sums[u] += product(value, (float)(mix(state) >> 40) / 8388608.0f - 1.0f);
    }
}

static void update(struct net_sequence *to, const float *cells) {
    float x[EVENT_COMPUTED], sums[UNITS], last = to->hidden[UNITS - 1], was;
    struct entries entries;
    int k, u;
    entries.count = 0;
    x[0] = 0.0f;
    encode(events, EVENT_FIELDS, cells, UINT32_MAX, 0, x, &entries);
    encode(events, EVENT_FIELDS, cells, UINT32_MAX, 1, x, &entries);
    memcpy(sums, unit_biases, sizeof sums);
    for (k = 0; k < EVENT_COMPUTED; k++) {
        float value = x[k];
        if (value != value) continue;
//if scaled_events
        value = clamp(value - event_mean[k], -FLT_MAX, FLT_MAX) * event_scale[k];
//end
        value = FACTOR * clamp(value, -10.0f, 10.0f);
        if (value > 0.0f || value < 0.0f) add_input((uint32_t)k, value, sums);
    }
    for (k = 0; k < entries.count; k++) add_input(entries.number[k], entries.value[k], sums);
    for (u = 0; u < UNITS; u++) {
        sums[u] += product(from_before[u], last);
        last = was = to->hidden[u];
        to->hidden[u] = was + product(leaks[u], hyperbolic_tangent(sums[u]) - was);
        to->sum[u] += to->hidden[u];
        if (to->updates == 0 || to->hidden[u] > to->most[u]) to->most[u] = to->hidden[u];
    }
    to->updates++;
}

static void forget(struct net_sequence *of) {
    int u;
    of->updates = 0;
    for (u = 0; u < UNITS; u++) of->hidden[u] = of->sum[u] = of->most[u] = 0.0f;
}

//end
//if gru
/* Updates the hidden state of each member's cell by an event. */
static void update(struct net_sequence *to, const float *cells) {
    float x[EVENT_COMPUTED], a[3 * UNITS], b[3 * UNITS];
    struct entries entries;
    int k, u, member;
    entries.count = 0;
    x[0] = 0.0f;
    encode(events, EVENT_FIELDS, cells, EVENT_INPUTS, 0, x, &entries);
    encode(events, EVENT_FIELDS, cells, EVENT_INPUTS, 1, x, &entries);
    for (k = 0; k < EVENT_COMPUTED; k++) {
        if (x[k] != x[k]) {
            x[k] = 0.0f;
            continue;
        }
//if scaled_events
        x[k] = clamp(x[k] - event_mean[k], -FLT_MAX, FLT_MAX) * event_scale[k];
//end
        x[k] = clamp(x[k], -10.0f, 10.0f);
    }
    for (member = 0; member < MEMBERS; member++) {
        float *const hidden = to->hidden + member * UNITS;
        sums_of(&gru[2 * member], x, &entries, a);
        sums_of(&gru[2 * member + 1], hidden, NULL, b);
        for (u = 0; u < UNITS; u++) {
            const float z = sigmoid(a[u] + b[u]), r = sigmoid(a[UNITS + u] + b[UNITS + u]);
            const float n = hyperbolic_tangent(a[2 * UNITS + u] + product(r, b[2 * UNITS + u]));
            hidden[u] += product(z, n - hidden[u]);
//if outcome
            to->sum[member * UNITS + u] += hidden[u];
//end
        }
    }
    to->updates++;
}

static void forget(struct net_sequence *of) {
    int k;
    of->updates = 0;
    for (k = 0; k < MEMBERS * UNITS; k++) {
        of->hidden[k] = 0.0f;
//if outcome
        of->sum[k] = 0.0f;
//end
    }
}

//end
static const float *event_before(const struct net_sequence *of, int lag) {
    return of->cells[(of->first + of->count - 1 - lag) % NET_LENGTH];
}

void net_begin(struct net_sequence *of) {
    of->first = of->count = 0;
//if cell
    forget(of);
//end
}

int net_observe(struct net_sequence *of, @EVENT@) {
    float cells[CELLS];
    const int failed = understand(event, cells);
//if cell
    int k;
//end
    if (failed) return failed;
    if (of->count == NET_LENGTH) {
        of->first = (of->first + 1) % NET_LENGTH;
        memcpy(of->cells[(of->first + NET_LENGTH - 1) % NET_LENGTH], cells, sizeof cells);
//if cell
        /* An event was dropped: recompute the cell from those that remain. */
        forget(of);
        for (k = NET_LENGTH - 1; k >= 0; k--) update(of, event_before(of, k));
//end
        return 0;
    }
    memcpy(of->cells[(of->first + of->count) % NET_LENGTH], cells, sizeof cells);
    of->count++;
//if cell
    update(of, cells);
//end
    return 0;
}

void net_run(const struct net_sequence *of, float outputs[NET_OUTPUTS]) {
    float x[COMPUTED];
//if series
    float last = NAN;
//end
//if window
    float gaps[CELLS];
    int lag, lists;
//if series
    float cells[CELLS];
//end
//end
//if cell
    int k;
//end
    struct entries entries;
    entries.count = 0;
    x[0] = 0.0f;
//if series
    if (of->count) last = event_before(of, 0)[NEXT_CELL];
//end
//if window
    understand_gaps(gaps);
    for (lists = 0; lists < 2; lists++) {
        for (lag = 0; lag < WINDOW; lag++) {
            const float *seen = lag < of->count ? event_before(of, lag) : gaps;
//if series
            if (lag) {
                memcpy(cells, seen, sizeof cells);
                cells[NEXT_CELL] = cells[NEXT_CELL] != cells[NEXT_CELL] || last != last
                    ? NAN : clamp(cells[NEXT_CELL] - last, -FLT_MAX, FLT_MAX);
                seen = cells;
            }
//end
            encode(fields + lag * EVENT_FIELDS, EVENT_FIELDS, seen, INPUTS, lists, x, &entries);
        }
    }
//end
//if reservoir
    for (k = 0; k < UNITS; k++) {
        x[STATE + k] = of->hidden[k];
//if outcome
        x[STATE + UNITS + k] = of->sum[k] / (float)(of->updates ? of->updates : 1);
        x[STATE + 2 * UNITS + k] = of->most[k];
//end
    }
//end
//if gru
    for (k = 0; k < MEMBERS * UNITS; k++) {
        float *const part = x + STATE + k / UNITS * PART + k % UNITS;
        *part = of->hidden[k];
//if outcome
        part[UNITS] = of->sum[k] / (float)(of->updates ? of->updates : 1);
//end
    }
//end
    answer_fields(x, &entries, outputs);
//if series
    outputs[0] += last != last ? 0.0f : last;
//end
}

int net_step(struct net_sequence *of, @EVENT@, float outputs[NET_OUTPUTS]) {
    const int failed = net_observe(of, event);
    if (!failed) net_run(of, outputs);
    return failed;
}

//if classifier
int net_classify(const struct net_sequence *of) {
    float outputs[NET_OUTPUTS];
    net_run(of, outputs);
    return class_of(outputs);
}

//end
//end
@PROOF@

int net_self_test(void) {
    float outputs[NET_OUTPUTS];
    uint32_t bits;
    int row, u;
//if sequence
    struct net_sequence sequence;
    int event = 0;
//end
    for (row = 0; row < PROOFS; row++) {
//if sequence
        net_begin(&sequence);
        for (; event < proof_ends[row]; event++) {
            if (net_observe(&sequence, @PROOF_EVENT@)) return 1 + row;
        }
        net_run(&sequence, outputs);
//end
//if no_sequence
        if (net_run(@PROOF_ROW@, outputs)) return 1 + row;
//end
        for (u = 0; u < NET_OUTPUTS; u++) {
            memcpy(&bits, &outputs[u], sizeof bits);
            if (bits != proof_answers[row][u]) return 1 + row;
        }
    }
    return 0;
}
