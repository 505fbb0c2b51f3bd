/*
 * Binary and signed neurons of a whole network on a processor with Intel's AMX tiles, exact whole numbers.
 *
 * An image goes through all layers STEPS steps at a time. A tile holds 64 bytes of spikes side by side (4 pixels of 16 channels, 2 of
 * 32 or 1 of 64), 16 times: of 16 pixels in a row, or of a pixel in 16 steps. Weights are split into 256*high + low, low in 0 ... 255,
 * and the products of both parts added up in int32. Spikes lie with a border of zeros around a layer, so that windows are read where
 * they lie.
 *
 * Knows: the equations of docs/snn-format.md for integers. May not know: files, readouts, what counts are for.
 */
#include <immintrin.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* STRIP: rows of pixels whose potentials stay in the first cache while steps pass. */
enum { STEPS = 32, ROWS = 16, LANES = 16, TILE = 1024, STRIP = 4 };
enum { HALF = ROWS * LANES, LOW = 2 * HALF, SUMS = 4 * HALF };
enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
enum { DONE = 0, NO_TILES = 1, NO_MEMORY = 2 };

/* A convolution of spikes. */
typedef struct {
  int32_t source;          /* layer */
  int32_t stride;
  int32_t first;           /* row and column, its border counted, that the window of pixel 0 begins at */
  int32_t tiles;           /* of 64 products a target */
  const int64_t *offsets;  /* bytes from the window's beginning to each tile's spikes */
  const uint8_t *weights;  /* [C/16][tiles][high, low][TILE]: of products k and targets n at (k/4)*64 + n*4 + k%4 */
} Path;

typedef struct {
  int32_t channels, height, width;
  int32_t is_signed;
  int32_t by_steps;        /* tiles of steps, not of pixels */
  int32_t slot;            /* where its spikes lie; of the same shape whenever it is reused */
  int32_t paths;           /* none: the layer behind the image */
  int32_t unused;
  int64_t bytes;           /* of its spikes */
  int64_t step, row, column; /* bytes from a spike to the next step's, row's and column's */
  Path path[2];
  const int32_t *threshold; /* [C] */
  const int32_t *current;   /* a step; of the layer behind the image what the image gives comes with it */
  int64_t current_step;     /* from one pixel's to the next one's; 0 where all pixels have the same */
  const int32_t *v0;        /* [H,W,C] */
} Layer;

/* What lasts from one block of steps to the next, of one image: [H,W,C] of each layer, one after another. */
typedef struct {
  int32_t *v;
  int32_t *net;  /* spikes, those of sign -1 subtracted */
  int32_t *back; /* spikes of sign -1 */
} State;

static size_t neurons_of(const Layer *layer) { return (size_t)layer->height * layer->width * layer->channels; }

/* Intrinsics of tiles do not tell every compiler which memory they read and write. */
static inline void compiler_barrier(const void *memory) { __asm__ volatile("" : : "r"(memory) : "memory"); }

static void configure_tiles(void) {
  struct { uint8_t palette, start, reserved[14]; uint16_t bytes[16]; uint8_t rows[16]; } tiles;
  memset(&tiles, 0, sizeof tiles);
  tiles.palette = 1;
  for (int i = 0; i < 8; i++) tiles.bytes[i] = 64, tiles.rows[i] = ROWS;
  compiler_barrier(&tiles);
  _tile_loadconfig(&tiles);
}

/* A layer within one block of steps. */
typedef struct {
  const Layer *layers, *layer;
  int8_t *const *spikes;  /* of each slot */
  const int32_t *current; /* as in Layer */
  int64_t current_step;
  const State *state;
  size_t offset;          /* of its first neuron in the state */
} Run;

/* What 16 targets of a pixel get in 32 steps, or of 16 pixels in two, [high, low][2][16][16], and where these neurons are. */
typedef struct {
  const int32_t *sums;    /* of what fires next */
  int left;               /* pixels that did not fire, or steps of the one pixel */
  int steps;              /* of each pixel */
  size_t at;              /* in the state */
  int64_t at_step;        /* from pixel to pixel */
  const int32_t *current;
  int64_t current_step;
  int8_t *out;
  int64_t out_pixel, out_step;
  __m512i theta;
} Unit;

typedef struct {
  __m512i v, net, back;
} Neurons;

static inline __attribute__((always_inline)) Neurons load_neurons(const State *state, size_t at, int is_signed) {
  Neurons neurons = {_mm512_loadu_si512(state->v + at), _mm512_loadu_si512(state->net + at), _mm512_setzero_si512()};
  if (is_signed) neurons.back = _mm512_loadu_si512(state->back + at);
  return neurons;
}

static inline __attribute__((always_inline)) void store_neurons(const State *state, size_t at, Neurons neurons, int is_signed) {
  _mm512_storeu_si512(state->v + at, neurons.v);
  _mm512_storeu_si512(state->net + at, neurons.net);
  if (is_signed) _mm512_storeu_si512(state->back + at, neurons.back);
}

/* One step of 16 neurons; those that are signed take a spike back where V < 0 and they sent more +1 than -1. */
static inline __attribute__((always_inline)) void fire(Neurons *neurons, const int32_t *sums, __m512i current, __m512i theta, int8_t *out,
                                                       int is_signed) {
  const __m512i minus = _mm512_set1_epi32(-1);
  const __m512i arriving = _mm512_add_epi32(_mm512_load_si512(sums + LOW), _mm512_slli_epi32(_mm512_load_si512(sums), 8));
  __m512i v = _mm512_add_epi32(neurons->v, _mm512_add_epi32(current, arriving));
  const __mmask16 up = _mm512_cmpge_epi32_mask(v, theta);
  __m128i spikes = _mm_maskz_mov_epi8(up, _mm_set1_epi8(1));
  if (is_signed) {
    const __mmask16 down = _mm512_mask_test_epi32_mask(_mm512_movepi32_mask(v), neurons->net, neurons->net);
    neurons->net = _mm512_mask_add_epi32(neurons->net, down, neurons->net, minus);
    neurons->back = _mm512_mask_sub_epi32(neurons->back, down, neurons->back, minus);
    spikes = _mm_mask_mov_epi8(spikes, down, _mm_set1_epi8(-1));
    v = _mm512_mask_add_epi32(v, down, v, theta);
  }
  neurons->v = _mm512_mask_sub_epi32(v, up, v, theta);
  neurons->net = _mm512_mask_sub_epi32(neurons->net, up, neurons->net, minus);
  _mm_storeu_si128((__m128i *)out, spikes);
}

/* The next `count` pixels of a unit, as far as there are so many. */
static inline __attribute__((always_inline)) void fire_pixels(Unit *unit, const State *state, int count, int is_signed) {
  if (count > unit->left) count = unit->left;
  const int32_t *sums = unit->sums, *current = unit->current;
  int8_t *out = unit->out;
  size_t at = unit->at;
  for (int pixel = 0; pixel < count; pixel++) {
    Neurons neurons = load_neurons(state, at, is_signed);
    const __m512i constant = _mm512_loadu_si512(current);
    fire(&neurons, sums, constant, unit->theta, out, is_signed);
    if (unit->steps > 1) fire(&neurons, sums + HALF, constant, unit->theta, out + unit->out_step, is_signed);
    store_neurons(state, at, neurons, is_signed);
    sums += LANES, current += unit->current_step, out += unit->out_pixel, at += unit->at_step;
  }
  unit->sums = sums, unit->current = current, unit->out = out, unit->at = at, unit->left -= count;
}

/* The next `count` steps of a unit's one pixel, likewise. */
static inline __attribute__((always_inline)) void fire_steps(Unit *unit, const State *state, int count, int is_signed) {
  if (count > unit->left) count = unit->left;
  if (count <= 0) return;
  Neurons neurons = load_neurons(state, unit->at, is_signed);
  const __m512i current = _mm512_loadu_si512(unit->current);
  for (int t = 0; t < count; t++, unit->sums += LANES, unit->out += unit->out_step)
    fire(&neurons, unit->sums, current, unit->theta, unit->out, is_signed);
  store_neurons(state, unit->at, neurons, is_signed);
  unit->left -= count;
}

/*
 * Adds the products of a path's weights and the spikes from `window` on, `half` bytes further for the second half of the sums;
 * meanwhile fires `before`, `each` of its pixels or steps a tile.
 */
static inline __attribute__((always_inline)) void multiply(const Path *path, const int8_t *window, int64_t pitch, int64_t half, int group,
                                                           Unit *before, const State *state, int each, int by_steps, int is_signed) {
  const uint8_t *weights = path->weights + (size_t)group * path->tiles * 2 * TILE;
  for (int k = 0; k < path->tiles; k++, weights += 2 * TILE) {
    const int8_t *spikes = window + path->offsets[k];
    _tile_loadd(4, spikes, pitch);
    _tile_loadd(6, weights, 64);
    _tile_dpbssd(0, 4, 6);
    _tile_loadd(7, weights + TILE, 64);
    _tile_dpbsud(1, 4, 7);
    _tile_loadd(5, spikes + half, pitch);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbsud(3, 5, 7);
    if (by_steps)
      fire_steps(before, state, each, is_signed);
    else
      fire_pixels(before, state, each, is_signed);
  }
}

/* Sums of 16 targets over all paths: of pixel (y, x), or of 16 from it on in steps t and t + 1. */
static inline __attribute__((always_inline)) void add_up(const Run *run, int32_t *sums, int y, int x, int t, int group, Unit *before,
                                                         int by_steps, int is_signed) {
  const Layer *layer = run->layer;
  const int tiles = layer->path[0].tiles + (layer->paths > 1 ? layer->path[1].tiles : 0);
  const int each = ((by_steps ? STEPS : ROWS) + tiles - 1) / tiles;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int p = 0; p < layer->paths; p++) {
    const Path *path = &layer->path[p];
    const Layer *from = &run->layers[path->source];
    const int64_t row = y * path->stride + path->first, column = x * path->stride + path->first;
    const int8_t *window = run->spikes[from->slot] + t * from->step + row * from->row + column * from->column;
    const int64_t pitch = by_steps ? from->step : path->stride * from->column;
    const int64_t half = by_steps ? ROWS * from->step : from->step;
    multiply(path, window, pitch, half, group, before, run->state, each, by_steps, is_signed);
  }
  _tile_stored(0, sums, 64);
  _tile_stored(1, sums + LOW, 64);
  _tile_stored(2, sums + HALF, 64);
  _tile_stored(3, sums + LOW + HALF, 64);
}

/* The neurons of pixel (y, x), or of 16 from it on in steps t and t + 1. */
static inline Unit unit_at(const Run *run, const int32_t *sums, int y, int x, int t, int steps, int group) {
  const Layer *layer = run->layer;
  const int64_t pixel = (int64_t)y * layer->width + x, here = pixel * layer->channels + group * LANES;
  const int pixels = layer->width - x < ROWS ? layer->width - x : ROWS;
  Unit unit = {.sums = sums, .steps = steps, .at = run->offset + here, .at_step = layer->channels, .out_step = layer->step};
  unit.left = layer->by_steps ? steps : pixels;
  unit.current = run->current + pixel * run->current_step + group * LANES;
  unit.current_step = run->current_step;
  unit.out = run->spikes[layer->slot] + t * layer->step + (y + 1) * layer->row + (x + 1) * layer->column + group * LANES;
  unit.out_pixel = layer->column;
  unit.theta = _mm512_loadu_si512(layer->threshold + group * LANES);
  return unit;
}

/* All steps of a pixel at once. The neurons of a pixel fire while the tiles add up what the next one's get. */
static inline __attribute__((always_inline)) void run_by_steps(const Run *run, int steps, int is_signed) {
  static const int32_t nothing[SUMS] __attribute__((aligned(64)));
  int32_t sums[2][SUMS] __attribute__((aligned(64)));
  const Layer *layer = run->layer;
  Unit before = {0};
  int turn = 0;
  for (int group = 0; group < layer->channels / LANES; group++)
    for (int y = 0; y < layer->height; y++)
      for (int x = 0; x < layer->width; x++) {
        if (layer->paths) add_up(run, sums[turn], y, x, 0, group, &before, 1, is_signed);
        fire_steps(&before, run->state, STEPS, is_signed);
        before = unit_at(run, layer->paths ? sums[turn] : nothing, y, x, 0, steps, group);
        turn = !turn;
      }
  fire_steps(&before, run->state, STEPS, is_signed);
}

/* Two steps of 16 pixels of a row at once, likewise. */
static inline __attribute__((always_inline)) void run_by_pixels(const Run *run, int steps, int is_signed) {
  int32_t sums[2][SUMS] __attribute__((aligned(64)));
  const Layer *layer = run->layer;
  Unit before = {0};
  int turn = 0;
  for (int top = 0; top < layer->height; top += STRIP) {
    const int bottom = top + STRIP < layer->height ? top + STRIP : layer->height;
    for (int t = 0; t < steps; t += 2)
      for (int group = 0; group < layer->channels / LANES; group++)
        for (int y = top; y < bottom; y++)
          for (int x = 0; x < layer->width; x += ROWS) {
            add_up(run, sums[turn], y, x, t, group, &before, 0, is_signed);
            fire_pixels(&before, run->state, ROWS, is_signed);
            before = unit_at(run, sums[turn], y, x, t, steps - t < 2 ? 1 : 2, group);
            turn = !turn;
          }
  }
  fire_pixels(&before, run->state, ROWS, is_signed);
}

static void run_layer(const Run *run, int steps) {
  compiler_barrier(run);
  if (run->layer->by_steps) {
    if (run->layer->is_signed)
      run_by_steps(run, steps, 1);
    else
      run_by_steps(run, steps, 0);
  } else if (run->layer->is_signed)
    run_by_pixels(run, steps, 1);
  else
    run_by_pixels(run, steps, 0);
}

/* `image`: the current of the layer behind it, [H,W,C]. */
static void run_block(const Layer *layers, int count, int8_t *const *spikes, const int32_t *image, const State *state, int steps) {
  size_t offset = 0;
  for (int l = 0; l < count; l++) {
    const Layer *layer = &layers[l];
    const Run run = {layers, layer, spikes, l ? layer->current : image, l ? layer->current_step : layer->channels, state, offset};
    run_layer(&run, steps);
    offset += neurons_of(layer);
  }
}

/* One image; of each mark adds |spikes| of all neurons to `totals` and writes the last layer's net spikes to `read`. */
static void run_image(const Layer *layers, int count, int8_t *const *spikes, const int32_t *image, const State *state,
                      const int32_t *marks, int mark_count, int64_t *totals, int32_t *read) {
  size_t all = 0;
  for (int l = 0; l < count; l++) {
    memcpy(state->v + all, layers[l].v0, neurons_of(&layers[l]) * sizeof(int32_t));
    all += neurons_of(&layers[l]);
  }
  memset(state->net, 0, all * sizeof(int32_t));
  memset(state->back, 0, all * sizeof(int32_t));
  const Layer *last = &layers[count - 1];
  const size_t width = neurons_of(last);
  const int32_t *counts = state->net + all - width;
  int32_t t = 0;
  for (int m = 0; m < mark_count; m++) {
    while (t < marks[m]) {
      const int steps = marks[m] - t < STEPS ? marks[m] - t : STEPS;
      run_block(layers, count, spikes, image, state, steps);
      t += steps;
    }
    for (size_t i = 0; i < all; i++) totals[m * all + i] += state->net[i] + 2 * state->back[i];
    memcpy(read + m * width, counts, width * sizeof(int32_t));
  }
}

static void *reserve(size_t bytes) {
  const size_t whole = (bytes / 64 + 1) * 64;
  void *memory = aligned_alloc(64, whole);
  if (memory) memset(memory, 0, whole);
  return memory;
}

/*
 * `images` images. `image_current`: [images,H,W,C] of the first layer; `marks`: ascending steps to look at; `totals`: [marks,neurons],
 * added to; `read`: [images,marks,neurons of the last layer], written. Several threads may call it at once, each with its own outputs.
 */
int count_images(const Layer *layers, int count, int slot_count, const int32_t *image_current, int64_t images, const int32_t *marks,
                 int mark_count, int64_t *totals, int32_t *read) {
  if (syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)) return NO_TILES;
  size_t all = 0;
  int8_t *spikes[slot_count];
  memset(spikes, 0, sizeof spikes);
  int result = DONE;
  for (int l = 0; l < count; l++) {
    all += neurons_of(&layers[l]);
    int8_t **place = &spikes[layers[l].slot];
    if (!*place) *place = reserve(layers[l].bytes);
    if (!*place) result = NO_MEMORY;
  }
  State state = {reserve(all * 4), reserve(all * 4), reserve(all * 4)};
  if (!state.v || !state.net || !state.back) result = NO_MEMORY;
  if (result == DONE) {
    configure_tiles();
    const size_t first = neurons_of(&layers[0]), last = neurons_of(&layers[count - 1]);
    for (int64_t i = 0; i < images; i++)
      run_image(layers, count, spikes, image_current + i * first, &state, marks, mark_count, totals, read + i * mark_count * last);
    _tile_release();
  }
  for (int s = 0; s < slot_count; s++) free(spikes[s]);
  free(state.v);
  free(state.net);
  free(state.back);
  return result;
}
