/**
 * From which depth on a preset for few steps takes more of them.
 *
 * Knows: losses by depth (docs/few-steps.md). May not know: presets.
 */

/** Layers of neurons up to which a network is shallow (ResNet-20 has 19): errors add up over deeper ones. */
export const shallow = 20;
