"""`jiangxin demo`: a fictional year for all 32 provinces, plainly marked, made by the real actions."""
