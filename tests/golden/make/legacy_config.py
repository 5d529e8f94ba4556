"""config.json in the keys that transformers 4 wrote, from what transformers 5 writes."""


def legacy_config(config: dict) -> dict:
    """`dtype` becomes `torch_dtype`; `rope_parameters` becomes `rope_theta` and `rope_scaling` (null where default)."""
    legacy = {key: value for key, value in config.items() if key not in ("dtype", "rope_parameters", "layer_types")}
    if "dtype" in config:
        legacy["torch_dtype"] = config["dtype"]
    if "rope_parameters" in config:
        rope = dict(config["rope_parameters"])
        legacy["rope_theta"] = rope.pop("rope_theta")
        legacy["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    legacy["transformers_version"] = "4.46.0"
    return legacy
