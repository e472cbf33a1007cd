/* SPDX-License-Identifier: MIT
 * test_hash_results.c - hashes with a fixed seed, noted so that targets can be compared.
 */
#include "hash/hash.h"
#include "test.h"

/* Goal: one seed, one hash, whatever the byte order and the width of a product. Method: every size
 * to 300 at every offset of a word; all integers of one bit. */
TEST(hash_results_of_one_seed)
{
    struct thi_seed seed;
    thi_seed_init(&seed, UINT64_C(0x0123456789abcdef));
    test_observe("seed", test_digest_word(test_digest_word(seed.mask, seed.multiplier_1),
                                          seed.multiplier_2));
    unsigned char bytes[320];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * 37 + i / 7);
    }
    uint64_t short_keys = 0, long_keys = 0;
    for (size_t size = 0; size <= 300; size++) {
        for (size_t offset = 0; offset < 8; offset++) {
            uint64_t hash = thi_hash_bytes(&seed, bytes + offset, size);
            uint64_t *digest = size <= 16 ? &short_keys : &long_keys;
            *digest = test_digest_word(*digest, hash);
        }
    }
    test_observe("bytes to 16", short_keys);
    test_observe("bytes from 17", long_keys);
    uint64_t mixed = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t word = thi_mix(&seed, UINT64_C(1) << bit);
        CHECK_EQ(thi_unmix(&seed, word), UINT64_C(1) << bit);
        mixed = test_digest_word(mixed, word);
    }
    test_observe("words", mixed);
}

TEST_MAIN()
