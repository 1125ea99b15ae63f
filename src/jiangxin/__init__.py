"""Jiangxin 匠心: the programme for training bases and master studios, from call to revoked title."""
