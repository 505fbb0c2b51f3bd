/**
 * Published checkpoints that say nothing of their preprocessing: what their authors say of it.
 *
 * Knows: files by their SHA-256. May not know: where they lie.
 */

export interface KnownCheckpoint {
  /** A preset of `--preprocess`. */
  readonly preprocess: string;
  readonly origin: string;
}

const akamaster = { preprocess: "imagenet", origin: "github.com/akamaster/pytorch_resnet_cifar10" };
const fhe = "github.com/snu-ccl/FHE-MP-CNN";
const basic = { preprocess: "cifar10", origin: "github.com/atreides-K/Basic-Image-Classification-ML" };

const checkpoints: Readonly<Record<string, KnownCheckpoint>> = {
  "12fca82f0bebc4135bf1f32f6e3710e61d5108578464b84fd6d7f5c1b04036c8": akamaster,
  d509ac1820d7f25398913559d7e81a13229b1e7adc5648e3bfa5e22dc137f850: akamaster,
  "014dd6541728a1c700b1642ab640e211dc6eb8ed507d70697458dc8f8a0ae2e4": akamaster,
  "4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367": akamaster,
  "01c926b4858b5d896b05e83d210c043692ece98ddb475cc091acf739b4577343": {
    preprocess: "imagenet",
    origin: fhe,
  },
  "37bb3dc42ab7299942bd9ac8b890f423bc0badde2d477c23a551f30fcce00257": {
    preprocess: "cifar100",
    origin: fhe,
  },
  c503c33e110be0f7877e82ed0683abd1e1ae27cf70a421431dc7e35f54cc9b8a: basic,
  "52f2c5278b95a311ccf1b00f34ebb41cad820784283b827f2454fa5571807391": basic,
  "7e36eaca948fce980b4413d129f4273f8226be3097f27ef5f2da31afa90b2811": basic,
  "77da965b443ab2ca3880fc3c9bf1cd45e44ac9b748a6c8e10aca04a561f22c22": basic,
};

export function findCheckpoint(sha256: string): KnownCheckpoint | null {
  return checkpoints[sha256] ?? null;
}
