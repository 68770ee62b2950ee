"""Forms in which others use a trained network; docs/exports.md shows each in use.

onnx     one file with scaling and confidence inside, for onnxruntime and all that reads ONNX
torch    a state dict that torch.nn.Sequential takes; and state dicts of others, read as models
c        one C99 header with weights of 8 bits, for microcontrollers
hub      a folder with a model card, for a model hub

Each module has expect(path), which asks before any work whether its file can be written, and save(path,
model), which writes it. The libraries are imported where they are used.
"""
